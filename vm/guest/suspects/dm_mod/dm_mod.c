// SPDX-License-Identifier: GPL-2.0-only
/*
 * dm_mod: its object is a device of one error target, removed by the real dmsetup.
 *
 * The device is made with the same three ioctls as dmsetup create --noudevsync. Under TCG every new
 * program costs the translation of all it runs, the dynamic linking of dmsetup above all, and
 * nothing of the race is shown by who makes the device.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "core/guest.h"
#include "record-kinds.h"
#include "suspects/dm_mod/dm.h"
#include "suspects/dm_mod/dm_mod.h"

#define DEVICE		"dmrace"
#define SECTORS		2048
#define MORE_SECTORS	4096	/* a soak reloads the table */

/* Where a misc device's node is gone with its module and not made again, it is made here. */
static int open_control(void)
{
	int control = dm_open();

	if (control == -ENOENT) {
		if (mkdir(DM_CONTROL_FOLDER, 0755) && errno != EEXIST)
			return record_failure("mkdir " DM_CONTROL_FOLDER, errno);
		if (mknod(DM_CONTROL, S_IFCHR | 0600, makedev(10, 236)))
			return record_failure("mknod " DM_CONTROL, errno);
		control = dm_open();
	}
	return control < 0 ? record_failure("open " DM_CONTROL, -control) : control;
}

static int create(int control)
{
	struct dm_request request;

	return dm_create(control, &request, DEVICE) ||
	       dm_load_table(control, &request, DEVICE, SECTORS) ||
	       dm_resume(control, &request, DEVICE) ? -1 : 0;
}

static int reload(int control)
{
	struct dm_request request;

	return dm_load_table(control, &request, DEVICE, MORE_SECTORS);
}

static int suspend(int control)
{
	struct dm_request request;

	return dm_suspend(control, &request, DEVICE);
}

static int resume(int control)
{
	struct dm_request request;

	return dm_resume(control, &request, DEVICE);
}

static int remove_device(int control)
{
	struct dm_request request;
	int error = dm_remove(control, &request, DEVICE);

	if (!error || error == -EBUSY || error == -EAGAIN)
		return error;
	return record_failure("DM_DEV_REMOVE", -error);
}

static int make(struct object *object)
{
	struct dm_request request;
	int control = open_control(), error;
	char number[24];

	if (control < 0)
		return -1;
	error = create(control) || dm_status(control, &request, DEVICE);
	close(control);
	if (error)
		return -1;

	snprintf(object->name, sizeof(object->name), "dm-%u", minor(request.head.dev));
	snprintf(object->parent, sizeof(object->parent), "/sys/block/%s", object->name);
	snprintf(object->kobject, sizeof(object->kobject), "/sys/block/%s/dm", object->name);
	snprintf(number, sizeof(number), "%u:%u", major(request.head.dev), minor(request.head.dev));
	return record_device(DEVICE, number,
			     request.head.flags & DM_SUSPEND_FLAG ? "suspended" :
			     request.head.flags & DM_ACTIVE_PRESENT_FLAG ? "active" : "empty");
}

/* struct dm_kobject_holder, drivers/md/dm-core.h: the completion follows the kobject. */
static unsigned long long completion(const struct dmrace_hold *held)
{
	return held->kobject + held->kobject_size;
}

/* --noudevsync: no udevd answers in this guest. */
static char *const dmsetup_words[] = {
	(char *)"dmsetup", (char *)"remove", (char *)"--noudevsync", (char *)DEVICE, NULL,
};

static const struct act life[] = {
	{ "create", create },
	{ "reload", reload },
	{ "suspend", suspend },
	{ "resume", resume },
	{ "read", NULL },
	{ "remove", remove_device },
	{ NULL, NULL },
};

const struct suspect dm_mod = {
	.name = "dm_mod",
	.module = "dm_mod",
	.module_file = "/modules/dm-mod.ko",

	.make = make,
	.completion = completion,

	.remover = "/sbin/dmsetup",
	.remover_words = dmsetup_words,
	.remover_party = "dmsetup",
	.control = DM_CONTROL,

	.release_event = "disk_release",

	.objects = "/sys/devices/virtual/block",
	.object_prefix = "dm-",
	.open_control = open_control,
	.life = life,
};
