// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes the dm device of a trial and reports it.
 *
 * The same three ioctls as dmsetup create --noudevsync. Under TCG every new program costs the
 * translation of all it runs, the dynamic linking of dmsetup above all, and nothing of the race is
 * shown by who makes the device; the removal is the real dmsetup's.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "dm.h"
#include "guest.h"
#include "record-kinds.h"

#define SECTORS	2048

/* The minor number of the new device, or -1. */
int make_device(const char *name)
{
	struct dm_request request;
	char number[24];
	int control, error;

	control = dm_open();
	if (control < 0)
		return record_failure("open /dev/mapper/control", -control);
	error = dm_create(control, &request, name) ||
		dm_load_table(control, &request, name, SECTORS) ||
		dm_resume(control, &request, name) || dm_status(control, &request, name);
	close(control);
	if (error)
		return -1;

	snprintf(number, sizeof(number), "%u:%u", major(request.head.dev), minor(request.head.dev));
	if (record_device(name, number,
			  request.head.flags & DM_SUSPEND_FLAG ? "suspended" :
			  request.head.flags & DM_ACTIVE_PRESENT_FLAG ? "active" : "empty"))
		return -1;
	return minor(request.head.dev);
}
