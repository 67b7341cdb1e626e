// SPDX-License-Identifier: GPL-2.0-only
/*
 * device NAME - make the dm device of a trial, report it, print its minor number for vm/init
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

int device_main(int argc, char **argv)
{
	struct dm_request request;
	char number[24];
	int control, error;

	if (argc != 2)
		return record_failure("device: one name", EINVAL), 2;
	control = dm_open();
	if (control < 0)
		return record_failure("open /dev/mapper/control", -control), 1;
	error = dm_create(control, &request, argv[1]) ||
		dm_load_table(control, &request, argv[1], SECTORS) ||
		dm_resume(control, &request, argv[1]) || dm_status(control, &request, argv[1]);
	close(control);
	if (error)
		return 1;

	snprintf(number, sizeof(number), "%u:%u", major(request.head.dev), minor(request.head.dev));
	error = record_device(argv[1], number,
			      request.head.flags & DM_SUSPEND_FLAG ? "suspended" :
			      request.head.flags & DM_ACTIVE_PRESENT_FLAG ? "active" : "empty");
	printf("%u\n", minor(request.head.dev));
	return error ? 1 : 0;
}
