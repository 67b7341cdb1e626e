// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "core/guest.h"
#include "suspects/dm_mod/dm.h"

static void prepare(struct dm_request *request, const char *name)
{
	memset(request, 0, sizeof(*request));
	request->head.version[0] = DM_VERSION_MAJOR;
	request->head.data_size = sizeof(*request);
	request->head.data_start = sizeof(request->head);
	snprintf(request->head.name, sizeof(request->head.name), "%s", name);
}

/* Whoever keeps it open keeps dm_mod from being unloaded. */
int dm_open(void)
{
	int control = open(DM_CONTROL, O_RDWR | O_CLOEXEC);

	return control < 0 ? -errno : control;
}

int dm_create(int control, struct dm_request *request, const char *name)
{
	prepare(request, name);
	return ioctl(control, DM_DEV_CREATE, request) ?
		       record_failure("DM_DEV_CREATE", errno) : 0;
}

int dm_load_table(int control, struct dm_request *request, const char *name, unsigned long sectors)
{
	prepare(request, name);
	request->head.target_count = 1;
	request->target.length = sectors;
	request->target.next = sizeof(*request) - sizeof(request->head);
	strcpy(request->target.target_type, "error");
	return ioctl(control, DM_TABLE_LOAD, request) ?
		       record_failure("DM_TABLE_LOAD", errno) : 0;
}

int dm_suspend(int control, struct dm_request *request, const char *name)
{
	prepare(request, name);
	request->head.flags = DM_SUSPEND_FLAG;
	return ioctl(control, DM_DEV_SUSPEND, request) ? record_failure("suspend", errno) : 0;
}

/* Without DM_SUSPEND_FLAG the same ioctl resumes: a table that was loaded goes live. */
int dm_resume(int control, struct dm_request *request, const char *name)
{
	prepare(request, name);
	return ioctl(control, DM_DEV_SUSPEND, request) ?
		       record_failure("DM_DEV_SUSPEND", errno) : 0;
}

int dm_status(int control, struct dm_request *request, const char *name)
{
	prepare(request, name);
	return ioctl(control, DM_DEV_STATUS, request) ?
		       record_failure("DM_DEV_STATUS", errno) : 0;
}

int dm_remove(int control, struct dm_request *request, const char *name)
{
	prepare(request, name);
	return ioctl(control, DM_DEV_REMOVE, request) ? -errno : 0;
}
