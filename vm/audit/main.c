// SPDX-License-Identifier: GPL-2.0-only
/*
 * dmrace_audit - asks whether anything of a module can be called or read after its unload
 *
 * It holds a reference on each kobject that appears and notes callbacks of modules, says after the
 * unload which of them lead into memory that is gone, and lets one of them happen when told to.
 * It cannot be unloaded: RCU may have its function at any time.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/uaccess.h>

#include "audit.h"

static DEFINE_MUTEX(visit);
static struct file *visitor;	/* the open file whose visit it is */

static void end_visit(void)
{
	callbacks_stop();
	rcu_end();
	objects_drop(false);
	visitor = NULL;
}

static long begin(struct file *file, unsigned long how)
{
	if (visitor && visitor != file)
		return -EBUSY;
	if (visitor)
		end_visit();
	visitor = file;
	/* Which callbacks are of modules that are gone is known until their notes are. */
	callbacks_begin();
	modules_begin();
	rcu_begin(how & DMRACE_AUDIT_DELAY);
	objects_begin(how & DMRACE_AUDIT_HOLD);
	return 0;
}

static long seen(void __user *arg)
{
	struct dmrace_audit_seen seen = {
		.objects = objects_count(),
		.callbacks = callbacks_count(),
		.lost = objects_lost() + callbacks_lost(),
		.threads = threads_count(),
		.queued = rcu_queued(),
	};

	return copy_to_user(arg, &seen, sizeof(seen)) ? -EFAULT : 0;
}

static long tell(void __user *arg)
{
	struct dmrace_audit_thing thing;
	u32 index;
	int error;

	if (copy_from_user(&thing, arg, sizeof(thing)))
		return -EFAULT;
	index = thing.index;
	memset(&thing, 0, sizeof(thing));
	thing.index = index;
	error = index < objects_count() ? object_thing(index, &thing) :
					  callback_thing(index - objects_count(), &thing);
	if (error)
		return error;
	return copy_to_user(arg, &thing, sizeof(thing)) ? -EFAULT : 0;
}

static long prove(unsigned long index)
{
	unsigned int objects = objects_count();

	return index < objects ? object_prove(index) : callback_prove(index - objects);
}

/*
 * Without the lock where something may crash: the process that asked dies then, and whoever comes
 * next would wait for it. The guest's program asks for one thing at a time.
 */
static long audit_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	long error = 0;

	mutex_lock(&visit);
	if (cmd == DMRACE_AUDIT_BEGIN)
		error = begin(file, arg);
	else if (visitor != file)
		error = -EPERM;
	else if (cmd == DMRACE_AUDIT_SEEN)
		error = seen((void __user *)arg);
	else if (cmd == DMRACE_AUDIT_THING)
		error = tell((void __user *)arg);
	mutex_unlock(&visit);
	if (error)
		return error;
	switch (cmd) {
	case DMRACE_AUDIT_BEGIN:
	case DMRACE_AUDIT_SEEN:
	case DMRACE_AUDIT_THING:
		return 0;
	case DMRACE_AUDIT_PROVE:
		return prove(arg);
	case DMRACE_AUDIT_DROP:
		objects_drop(arg == 1);
		return 0;
	case DMRACE_AUDIT_END:
		end_visit();
		return 0;
	default:
		return -ENOTTY;
	}
}

static int audit_release(struct inode *inode, struct file *file)
{
	if (visitor == file)
		end_visit();
	return 0;
}

static const struct file_operations audit_fops = {
	.owner		= THIS_MODULE,
	.release	= audit_release,
	.unlocked_ioctl	= audit_ioctl,
};

static struct miscdevice audit_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "dmrace-audit",
	.fops	= &audit_fops,
	.mode	= 0600,
};

/* Not __init: kallsyms would go on naming its memory, where audited modules come to lie. */
static int audit_init(void)
{
	int error;

	/* Registered one by one and never taken back: what went wrong is told, and the VM is of no use. */
	error = modules_init();
	if (!error)
		error = objects_init(THIS_MODULE->mkobj.kobj.ktype);
	if (!error)
		error = callbacks_init();
	if (!error)
		error = rcu_init_probes();
	if (!error)
		error = misc_register(&audit_device);
	/* A failed init function would take the text away from the probes that are there already. */
	if (error)
		pr_err("dmrace_audit: cannot watch: %d\n", error);
	return 0;
}
module_init(audit_init);

MODULE_DESCRIPTION("Holds what modules leave behind, for the audit of the dmrace harness");
MODULE_LICENSE("GPL");
