// SPDX-License-Identifier: GPL-2.0-only
/*
 * dmrace_planted - the mistake, made on purpose: an object whose release method is in the text of a
 * module that does not wait until it has returned
 *
 * It is the planted control: what must crash, by the same recipe on the same kernel, before the
 * silence of another module means anything. It has both mistakes of an unload, in the shape of dm's:
 *  - the removal waits for the release method of the object, but not until it has returned, as
 *    dm_sysfs_exit() did before v3.14 (commit 2995fa78e423);
 *  - nobody waits for the release of the object's parents, which are put by whoever comes last. They
 *    are several, each put off by itself with CONFIG_DEBUG_KOBJECT_RELEASE: the unload takes some
 *    seconds then too, because the module's own kobjects are put off as well.
 *
 * Its correct twin is the same module in a guest that has dmrace_pinned loaded too: the release
 * method is then that module's, which is never unloaded.
 */
#include <linux/build_bug.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>

#include "dmrace_planted.h"
#include "planted_object.h"

void dmrace_pinned_release(struct kobject *kobj);

static DEFINE_MUTEX(lock);
/* From the top down. */
static const char *const names[] = {
	PLANTED_TOP, PLANTED_UPPER, PLANTED_LOWER, PLANTED_NEAR,
};
static struct planted *parents[ARRAY_SIZE(names)], *object;

static void dmrace_planted_release(struct kobject *kobj)
{
	planted_released(kobj);
}

static void (*release_method)(struct kobject *kobj) = dmrace_planted_release;

/*
 * The type is in the object's own memory and gets its release method only when the kobject is there:
 * nothing in the kernel's core is shown a method of this module that it could tie to the module's
 * life. A control that a change of the core cures would call a kernel untested that is well.
 */
static struct planted *planted_new(struct kobject *above, const char *name, bool awaited)
{
	struct planted *new = kzalloc(sizeof(*new), GFP_KERNEL);
	int error;

	if (!new)
		return ERR_PTR(-ENOMEM);
	init_completion(&new->done);
	error = kobject_init_and_add(&new->kobj, &new->type, above, "%s", name);
	new->type.release = release_method;
	if (error) {
		kobject_put(&new->kobj); /* frees it: nobody awaits it yet */
		return ERR_PTR(error);
	}
	new->awaited = awaited;
	return new;
}

/* The reference of each that was made, from the bottom up. */
static void put_parents(int count)
{
	while (count--) {
		kobject_put(&parents[count]->kobj);
		parents[count] = NULL;
	}
}

static long planted_create(void)
{
	struct kobject *above = kernel_kobj;
	struct planted *new;
	int i;

	if (object)
		return -EEXIST;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		new = planted_new(above, names[i], false);
		if (IS_ERR(new)) {
			put_parents(i);
			return PTR_ERR(new);
		}
		parents[i] = new;
		above = &new->kobj;
	}
	new = planted_new(above, PLANTED_OBJECT, true);
	if (IS_ERR(new)) {
		put_parents(ARRAY_SIZE(names));
		return PTR_ERR(new);
	}
	object = new;
	return 0;
}

static long planted_remove(void)
{
	if (!object)
		return -ENXIO;
	kobject_put(&object->kobj);
	wait_for_completion(&object->done);
	kfree(object);
	object = NULL;
	put_parents(ARRAY_SIZE(names));
	return 0;
}

static long planted_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	long error;

	mutex_lock(&lock);
	switch (cmd) {
	case PLANTED_CREATE:
		error = planted_create();
		break;
	case PLANTED_REMOVE:
		error = planted_remove();
		break;
	default:
		error = -ENOTTY;
	}
	mutex_unlock(&lock);
	return error;
}

static const struct file_operations planted_fops = {
	.owner		= THIS_MODULE,
	.unlocked_ioctl	= planted_ioctl,
};

static struct miscdevice planted_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "dmrace_planted",
	.fops	= &planted_fops,
	.mode	= 0600,
};

/* The twin's method, if it is there: its reference is kept, so that module stays for ever. */
static int __init planted_init(void)
{
	void (*pinned)(struct kobject *kobj) = symbol_get(dmrace_pinned_release);
	int error = misc_register(&planted_device);

#ifdef CONFIG_DEBUG_KOBJECT_RELEASE
	/* The probe that sees a release due counts on it: harness/suspects/dmrace_planted/steps.ts. */
	BUILD_BUG_ON(offsetof(struct kobject, release) != 64);
#endif
	if (pinned && error)
		symbol_put(dmrace_pinned_release);
	else if (pinned)
		release_method = pinned;
	return error;
}

static void __exit planted_exit(void)
{
	misc_deregister(&planted_device);
	planted_remove(); /* nobody can make another one, and there is mostly none */
}

module_init(planted_init);
module_exit(planted_exit);

MODULE_DESCRIPTION("A planted unload bug, for the dmrace harness");
MODULE_LICENSE("GPL");
