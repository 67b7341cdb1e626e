/* SPDX-License-Identifier: GPL-2.0-only */
/* The dm ioctls that our programs use themselves; the removal of the race is the real dmsetup's. */
#ifndef DMRACE_DM_H
#define DMRACE_DM_H

#include <linux/dm-ioctl.h>

#define DM_CONTROL_FOLDER	"/dev/mapper"
#define DM_CONTROL		DM_CONTROL_FOLDER "/control"

/* One dm ioctl; the error target needs nothing below it and is part of dm-mod itself. */
struct dm_request {
	struct dm_ioctl head;
	struct dm_target_spec target;
	char parameters[8];
};

/* Each returns 0, or -1 after a record of the failure; but for dm_open(), which returns -errno. */
int dm_open(void);
int dm_create(int control, struct dm_request *request, const char *name);
int dm_load_table(int control, struct dm_request *request, const char *name, unsigned long sectors);
int dm_suspend(int control, struct dm_request *request, const char *name);
int dm_resume(int control, struct dm_request *request, const char *name);
int dm_status(int control, struct dm_request *request, const char *name);

/* Returns 0, or -errno: EBUSY is no failure of ours. */
int dm_remove(int control, struct dm_request *request, const char *name);

#endif
