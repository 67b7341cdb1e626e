// SPDX-License-Identifier: GPL-2.0-only
/*
 * device NAME - make the dm device of a trial, report it, print its minor number for vm/init
 *
 * The same three ioctls as dmsetup create --noudevsync. Under TCG every new program costs the
 * translation of all it runs, the dynamic linking of dmsetup above all, and nothing of the race is
 * shown by who makes the device; the removal is the real dmsetup's.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <linux/dm-ioctl.h>

#include "guest.h"
#include "record-kinds.h"

#define CONTROL	"/dev/mapper/control"

/* One dm ioctl; the error target needs nothing below it and is part of dm-mod itself. */
struct request {
	struct dm_ioctl head;
	struct dm_target_spec target;
	char parameters[8];
};

static void prepare(struct request *request, const char *name)
{
	memset(request, 0, sizeof(*request));
	request->head.version[0] = DM_VERSION_MAJOR;
	request->head.data_size = sizeof(*request);
	request->head.data_start = sizeof(request->head);
	snprintf(request->head.name, sizeof(request->head.name), "%s", name);
}

static int make(int control, struct request *request, const char *name)
{
	prepare(request, name);
	if (ioctl(control, DM_DEV_CREATE, request))
		return record_failure("DM_DEV_CREATE", errno);

	prepare(request, name);
	request->head.target_count = 1;
	request->target.length = 2048; /* sectors */
	request->target.next = sizeof(*request) - sizeof(request->head);
	strcpy(request->target.target_type, "error");
	if (ioctl(control, DM_TABLE_LOAD, request))
		return record_failure("DM_TABLE_LOAD", errno);

	prepare(request, name); /* without DM_SUSPEND_FLAG it resumes: the table goes live */
	if (ioctl(control, DM_DEV_SUSPEND, request))
		return record_failure("DM_DEV_SUSPEND", errno);

	prepare(request, name);
	if (ioctl(control, DM_DEV_STATUS, request))
		return record_failure("DM_DEV_STATUS", errno);
	return 0;
}

int device_main(int argc, char **argv)
{
	struct request request;
	char number[24];
	int control, error;

	if (argc != 2)
		return record_failure("device: one name", EINVAL), 2;
	control = open(CONTROL, O_RDWR | O_CLOEXEC);
	if (control < 0)
		return record_failure("open " CONTROL, errno), 1;
	error = make(control, &request, argv[1]);
	close(control); /* whoever keeps it open keeps dm_mod from being unloaded */
	if (error)
		return 1;

	snprintf(number, sizeof(number), "%u:%u", major(request.head.dev), minor(request.head.dev));
	error = record_device(argv[1], number,
			      request.head.flags & DM_SUSPEND_FLAG ? "suspended" :
			      request.head.flags & DM_ACTIVE_PRESENT_FLAG ? "active" : "empty");
	printf("%u\n", minor(request.head.dev));
	return error ? 1 : 0;
}
