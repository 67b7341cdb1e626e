/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the helper module offers to the guest's programs: one character device, on which an
 * open file owns at most one reference on one kobject.
 */
#ifndef DMRACE_HELPER_H
#define DMRACE_HELPER_H

#include <linux/ioctl.h>
#include <linux/types.h>

/*
 * struct dmrace_hold - in: which kobject; out: what was found there
 * @fd:            in: an open directory of sysfs
 * @refcount:      out: the kobject's reference count after the reference was taken
 * @kobject:       out: address of the kobject
 * @kobject_size:  out: sizeof(struct kobject) of this kernel
 * @reserved:      zero
 * @release:       out: address of ktype->release, the method that the last reference will call
 */
struct dmrace_hold {
	__s32 fd;
	__u32 refcount;
	__u64 kobject;
	__u32 kobject_size;
	__u32 reserved;
	__u64 release;
};

/*
 * A magic of our own: numbers 1 and 2 without one are FIBMAP and FIGETBSZ, which the VFS answers
 * itself (fs/ioctl.c, do_vfs_ioctl()).
 */
#define DMRACE_MAGIC	0xD3
#define DMRACE_HOLD	_IOWR(DMRACE_MAGIC, 1, struct dmrace_hold)
#define DMRACE_DROP	_IO(DMRACE_MAGIC, 2)

#endif
