/* SPDX-License-Identifier: GPL-2.0-only */
/* The modules whose unload is asked about, each with what only it knows. */
#ifndef DMRACE_SUSPECT_H
#define DMRACE_SUSPECT_H

#include "helper/dmrace_helper.h"

/* An object of a suspect, as a trial makes one. */
struct object {
	char name[32];		/* the kernel's name of it */
	char kobject[96];	/* the directory of sysfs whose kobject its removal waits for */
	char parent[96];	/* and of the parent that this kobject puts at last */
};

/*
 * struct act - one thing that a soak does to an object
 * @phase: what the records call it
 * @run:   0; -EBUSY or -EAGAIN, when it is to be tried again; or -1 after a record.
 *         NULL: the soak's readers have their turn
 */
struct act {
	const char *phase;
	int (*run)(int control);
};

struct suspect {
	const char *name;		/* in commands and in /etc/dmrace.conf */
	const char *module;		/* the kernel's name of it */
	const char *module_file;	/* in the initramfs */

	/* Makes the object of a trial and reports it; 0, or -1 after a record. */
	int (*make)(struct object *object);
	/* Where the completion is on which the removal waits. */
	unsigned long long (*completion)(const struct dmrace_hold *held);

	/* The program that removes the object: its path, its words, its party in the records. */
	const char *remover;
	char *const *remover_words;
	const char *remover_party;
	const char *control;		/* the file that it opens first of the suspect's */

	/* The probe at the function that frees an object; its argument `name` is the object's. */
	const char *release_event;

	/* A soak: where attributes of its objects are, how their folders' names begin. */
	const char *objects;
	const char *object_prefix;
	/* A descriptor for the acts, or -1 after a record; the module is in use while it is open. */
	int (*open_control)(void);
	const struct act *life;		/* of one object, from making to removal; ends with {} */
};

/* NULL: there is none of that name. */
const struct suspect *find_suspect(const char *name);

#endif
