/* SPDX-License-Identifier: GPL-2.0-only */
/* The object of the planted control, and what its release method does, wherever its text lies. */
#ifndef DMRACE_PLANTED_OBJECT_H
#define DMRACE_PLANTED_OBJECT_H

#include <linux/compiler.h>
#include <linux/completion.h>
#include <linux/kobject.h>
#include <linux/slab.h>

/*
 * struct planted - one object
 * @kobj:    what is referenced
 * @done:    directly behind it, as dm's is (struct dm_kobject_holder): the guest's probes take its
 *           distance from the kobject
 * @type:    its own, and not constant: see planted_new()
 * @awaited: whether its removal waits for @done and frees it, or nobody does
 */
struct planted {
	struct kobject kobj;
	struct completion done;
	struct kobj_type type;
	bool awaited;
};

/*
 * The barrier is the whole difference between a call and a jump: with nothing behind it gcc would
 * turn the last call into a jump, nothing would return into the method, and the mistake would not
 * show on kernels that are built so.
 */
static __always_inline void planted_released(struct kobject *kobj)
{
	struct planted *object = container_of(kobj, struct planted, kobj);

	if (object->awaited)
		complete(&object->done);
	else
		kfree(object);
	barrier();
}

#endif
