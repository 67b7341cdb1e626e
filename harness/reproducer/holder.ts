// SPDX-License-Identifier: MIT

/**
 * holder.c: the one small C program of a reproducer whose crash needs somebody who holds a reference.
 * sysfs keeps a folder's kobject in kernfs_node->priv (fs/sysfs/dir.c, sysfs_create_dir_ns()), and
 * kernfs keeps the node in inode->i_private (fs/kernfs/inode.c, kernfs_init_inode(); linux 5.10 to
 * 7.3).
 */
export const HOLDER_C = `// SPDX-License-Identifier: GPL-2.0-only
/*
 * holder - takes one reference on the kobject of a folder of sysfs when it is loaded, and drops it when
 * it is unloaded. It stands for any code of the kernel that does so: a kobject may be held by anybody
 * who can find it (Documentation/core-api/kobject.rst).
 */
#include <linux/fs.h>
#include <linux/kernfs.h>
#include <linux/kobject.h>
#include <linux/magic.h>
#include <linux/module.h>
#include <linux/namei.h>

static char *path;
module_param(path, charp, 0444);
MODULE_PARM_DESC(path, "A folder of sysfs, such as /sys/devices/virtual/block/dm-0");

static struct kobject *held;

static int __init holder_init(void)
{
	struct kernfs_node *node;
	struct inode *inode;
	struct path where;
	int error;

	if (!path)
		return -EINVAL;
	error = kern_path(path, LOOKUP_FOLLOW, &where);
	if (error)
		return error;

	inode = d_inode(where.dentry);
	if (inode->i_sb->s_magic != SYSFS_MAGIC || !S_ISDIR(inode->i_mode)) {
		path_put(&where);
		return -ENOTDIR;
	}
	node = inode->i_private;
	if (node && node->priv)
		held = kobject_get_unless_zero(node->priv);
	path_put(&where);
	return held ? 0 : -ENODEV;
}

static void __exit holder_exit(void)
{
	kobject_put(held);
}

module_init(holder_init);
module_exit(holder_exit);
MODULE_DESCRIPTION("Holds one reference on a kobject");
MODULE_LICENSE("GPL");
`;

/** Builds holder.ko against the headers of the running kernel, or those that KDIR names. */
export const HOLDER_MAKEFILE = `# SPDX-License-Identifier: GPL-2.0-only
obj-m := holder.o
KDIR ?= /lib/modules/$(shell uname -r)/build

all:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules
clean:
	$(MAKE) -C $(KDIR) M=$(CURDIR) clean
`;
