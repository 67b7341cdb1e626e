// SPDX-License-Identifier: GPL-2.0-only
/* dmrace_planted: the planted control (vm/planted), whose object comes and goes by its own ioctls. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/guest.h"
#include "planted/dmrace_planted.h"
#include "record-kinds.h"
#include "suspects/dmrace_planted/dmrace_planted.h"

#define CONTROL		"/dev/dmrace_planted"
#define PARENT		"/sys/kernel/" PLANTED_ABOVE

/* The module is in use while it is open. */
static int order(unsigned long what, const char *name)
{
	int control = open(CONTROL, O_RDWR | O_CLOEXEC), error;

	if (control < 0)
		return record_failure("open " CONTROL, errno);
	error = ioctl(control, what) ? errno : 0;
	close(control);
	return error ? record_failure(name, error) : 0;
}

static int make(struct object *object)
{
	if (order(PLANTED_CREATE, "PLANTED_CREATE"))
		return -1;
	/* The topmost is released last, and not waited for. */
	snprintf(object->name, sizeof(object->name), "%s", PLANTED_TOP);
	snprintf(object->parent, sizeof(object->parent), "%s", PARENT);
	snprintf(object->kobject, sizeof(object->kobject), "%s/%s", PARENT, PLANTED_OBJECT);
	return record_device(PLANTED_TOP, "", "active");
}

/* The completion follows the kobject (vm/planted/planted_object.h), as dm's does. */
static unsigned long long completion(const struct dmrace_hold *held)
{
	return held->kobject + held->kobject_size;
}

int planted_remove_main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return order(PLANTED_REMOVE, "PLANTED_REMOVE") ? 1 : 0;
}

static char *const remove_words[] = { (char *)"dmrace-guest", (char *)"planted-remove", NULL };

const struct suspect dmrace_planted = {
	.name = "dmrace_planted",
	.module = "dmrace_planted",
	.module_file = "/modules/dmrace_planted.ko",

	.make = make,
	.completion = completion,

	.remover = "/bin/dmrace-guest",
	.remover_words = remove_words,
	.remover_party = "planted-remove",
	.control = CONTROL,

	.release_event = "planted_release",
};
