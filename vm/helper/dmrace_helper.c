// SPDX-License-Identifier: GPL-2.0-only
/*
 * dmrace_helper - lets an ordinary process hold one reference on a sysfs directory's kobject
 *
 * Opening a sysfs file does not do that since v3.14: kernfs drains active references at removal
 * instead (fs/kernfs/dir.c, kernfs_drain()), so a plain reader delays the removal and never holds
 * the last reference. Kernel code that calls kobject_get() does; this module stands for it.
 *
 * The second half crashes the kernel on purpose, for the harness's self-test.
 */
#include <linux/bug.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/irqflags.h>
#include <linux/kernfs.h>
#include <linux/kobject.h>
#include <linux/kref.h>
#include <linux/magic.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "dmrace_helper.h"

/* For vm/init, which builds a trace probe from it: the completion follows the kobject directly. */
static int refcount_from_completion = (int)offsetof(struct kobject, kref) -
				      (int)sizeof(struct kobject);
module_param(refcount_from_completion, int, 0444);
MODULE_PARM_DESC(refcount_from_completion, "Offset of a dm kobject's count from its completion");

/* What one open file owns: at most one reference. */
struct holding {
	struct kobject *kobj;
};

/*
 * sysfs keeps the kobject in kernfs_node->priv of a directory (fs/sysfs/dir.c,
 * sysfs_create_dir_ns()) and kernfs keeps the node in inode->i_private (fs/kernfs/inode.c,
 * kernfs_init_inode()).
 */
static struct kobject *kobject_of_directory(int fd)
{
	struct kobject *kobj = NULL;
	struct kernfs_node *node;
	struct file *file;
	struct inode *inode;

	file = fget(fd);
	if (!file)
		return ERR_PTR(-EBADF);

	inode = file_inode(file);
	if (inode->i_sb->s_magic != SYSFS_MAGIC || !S_ISDIR(inode->i_mode)) {
		fput(file);
		return ERR_PTR(-ENOTDIR);
	}

	node = inode->i_private;
	if (node && node->priv)
		kobj = kobject_get_unless_zero(node->priv);
	fput(file);
	return kobj ? kobj : ERR_PTR(-ENODEV);
}

/*
 * Two functions for trace probes to stand on: kobject_get() and kobject_put() themselves are
 * notrace, like all of lib/ (lib/Makefile drops CC_FLAGS_FTRACE). gcc
 * would drop the call of the first and rename the second (.isra), hence probed_function.
 */
#define probed_function noinline __attribute__((__noipa__))

static probed_function void dmrace_got(struct kobject *kobj, unsigned int refcount)
{
	/* Not empty, so that the call is not dropped: both arguments are "used". */
	asm volatile("" : : "r" (kobj), "r" (refcount));
}

static probed_function void dmrace_put(struct kobject *kobj, unsigned int refcount)
{
	asm volatile("" : : "r" (refcount));
	kobject_put(kobj);
}

static long hold(struct holding *holding, void __user *arg)
{
	struct dmrace_hold request;
	struct kobject *kobj;

	if (copy_from_user(&request, arg, sizeof(request)))
		return -EFAULT;

	kobj = kobject_of_directory(request.fd);
	if (IS_ERR(kobj))
		return PTR_ERR(kobj);

	/* One reference for each open file: a second one is refused, not forgotten. */
	if (cmpxchg(&holding->kobj, NULL, kobj)) {
		kobject_put(kobj);
		return -EBUSY;
	}

	request.refcount = kref_read(&kobj->kref);
	dmrace_got(kobj, request.refcount);
	request.kobject = (unsigned long)kobj;
	request.kobject_size = sizeof(*kobj);
	request.release = kobj->ktype ? (unsigned long)kobj->ktype->release : 0;
	if (copy_to_user(arg, &request, sizeof(request)))
		return -EFAULT; /* the reference stays owned by the file, close() drops it */
	return 0;
}

/*
 * kobject_put() runs in the caller's context and is the last thing done here: the process that
 * calls this is the one the race is about. The pointer is cleared first, so neither a second
 * drop nor close() can put the same reference again, even if this put never returns.
 */
static long drop(struct holding *holding)
{
	struct kobject *kobj = xchg(&holding->kobj, NULL);

	if (!kobj)
		return -ENXIO;
	dmrace_put(kobj, kref_read(&kobj->kref));
	return 0;
}

static long helper_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case DMRACE_HOLD:
		return hold(file->private_data, (void __user *)arg);
	case DMRACE_DROP:
		return drop(file->private_data);
	default:
		return -ENOTTY;
	}
}

static int helper_open(struct inode *inode, struct file *file)
{
	file->private_data = kzalloc(sizeof(struct holding), GFP_KERNEL);
	return file->private_data ? 0 : -ENOMEM;
}

static int helper_release(struct inode *inode, struct file *file)
{
	drop(file->private_data);
	kfree(file->private_data);
	return 0;
}

/* Each crash in a function of its own, so that the report names what was asked for. */
static noinline void dmrace_crash_oops(void)
{
	int *volatile nowhere = NULL;

	*nowhere = 1;
}

static noinline void dmrace_crash_warn(void)
{
	WARN(1, "dmrace self-test\n");
}

static noinline void dmrace_crash_bug(void)
{
	BUG();
}

static noinline void dmrace_crash_hang(void)
{
	local_irq_disable();
	for (;;)
		cpu_relax();
}

static const struct {
	const char *name;
	void (*crash)(void);
} crashes[] = {
	{ "oops", dmrace_crash_oops },
	{ "warn", dmrace_crash_warn },
	{ "bug", dmrace_crash_bug },
	{ "hang", dmrace_crash_hang },
};

static ssize_t helper_write(struct file *file, const char __user *buf, size_t size, loff_t *pos)
{
	char name[8] = "";
	unsigned int i;

	if (size >= sizeof(name))
		return -EINVAL;
	if (copy_from_user(name, buf, size))
		return -EFAULT;

	for (i = 0; i < ARRAY_SIZE(crashes); i++) {
		if (sysfs_streq(name, crashes[i].name)) {
			crashes[i].crash();
			return size;
		}
	}
	return -EINVAL;
}

static const struct file_operations helper_fops = {
	.owner		= THIS_MODULE,
	.open		= helper_open,
	.release	= helper_release,
	.unlocked_ioctl	= helper_ioctl,
	.write		= helper_write,
};

static struct miscdevice helper_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "dmrace",
	.fops	= &helper_fops,
	.mode	= 0600,
};

module_misc_device(helper_device);

MODULE_DESCRIPTION("Holds a reference on a sysfs kobject for the dmrace harness");
MODULE_LICENSE("GPL");
