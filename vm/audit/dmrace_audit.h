/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the module of the audit offers to the guest's program: one character device. One visit at a
 * time: BEGIN, then what a module does is noted and its objects are held, until END or close().
 */
#ifndef DMRACE_AUDIT_H
#define DMRACE_AUDIT_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define DMRACE_AUDIT_DEVICE	"/dev/dmrace-audit"
#define DMRACE_AUDIT_WHAT	128
/* By so much later than RCU would are callbacks of modules called at most. */
#define DMRACE_AUDIT_DELAY_MS	3000

enum dmrace_audit_kind {
	DMRACE_OBJECT,
	DMRACE_RCU,
	DMRACE_TIMER,
	DMRACE_HRTIMER,
	DMRACE_WORK,
	DMRACE_THREAD,
};

/* What of an unloaded module is read or called, or would be; names in vm/guest/audit/report.c. */
enum dmrace_audit_fault {
	DMRACE_NOTHING,
	DMRACE_CLASS_RELEASE,
	DMRACE_BUS_RELEASE,
	DMRACE_DISK_FOPS,
	DMRACE_DEVICE_TYPE,
	DMRACE_DEVICE_CLASS,
	DMRACE_DEVICE_RELEASE,
	DMRACE_KTYPE,
	DMRACE_OBJECT_IN_MODULE,
	DMRACE_FREED,
	DMRACE_PENDING,		/* a callback, timer, work or thread */
};

/* struct dmrace_audit_seen - out: what was noted since BEGIN */
struct dmrace_audit_seen {
	__u32 objects;
	__u32 callbacks;
	__u32 lost;		/* for which there was no room */
	__u32 threads;		/* of the modules, now */
	__u32 queued;		/* RCU callbacks that are yet to be called */
};

/*
 * struct dmrace_audit_thing - one thing that was noted
 * @index:   in: its number, from 0; objects first, then callbacks, then threads
 * @kind:    out: enum dmrace_audit_kind
 * @fault:   out: enum dmrace_audit_fault, as things are now
 * @blocked: out: 1 when it cannot be proven: an ancestor is unsafe, or what leads to it is gone
 * @object:  out: its address
 * @address: out: the address in an unloaded module that it leads to; 0 without one
 * @what:    out: path in sysfs, or the function that is called
 */
struct dmrace_audit_thing {
	__u32 index;
	__u32 kind;
	__u32 fault;
	__u32 blocked;
	__u64 object;
	__u64 address;
	char what[DMRACE_AUDIT_WHAT];
};

#define DMRACE_AUDIT_MAGIC	0xD4
/*
 * @arg: DMRACE_AUDIT_DELAY delays the modules' RCU callbacks by 3 s unless rcu_barrier() follows,
 * DMRACE_AUDIT_HOLD notes and holds the objects that are added.
 */
#define DMRACE_AUDIT_DELAY	1UL
#define DMRACE_AUDIT_HOLD	2UL
#define DMRACE_AUDIT_BEGIN	_IO(DMRACE_AUDIT_MAGIC, 1)
#define DMRACE_AUDIT_SEEN	_IOR(DMRACE_AUDIT_MAGIC, 2, struct dmrace_audit_seen)
/* ENOENT: there are no more. */
#define DMRACE_AUDIT_THING	_IOWR(DMRACE_AUDIT_MAGIC, 3, struct dmrace_audit_thing)
/*
 * Lets one thing happen in the caller's context, @arg being its number: drops the reference, calls
 * the callback. EAGAIN: it is not ready yet. ENOENT, EINVAL: none, or nothing is wrong with it.
 * EBUSY: an ancestor is unsafe, or its own memory is gone.
 */
#define DMRACE_AUDIT_PROVE	_IO(DMRACE_AUDIT_MAGIC, 4)
/*
 * Drops every reference that is safe to drop, and notes no more objects; with @arg 1 only those of
 * types that are not the driver core's, which are the ones that a destroy may wait for.
 */
#define DMRACE_AUDIT_DROP	_IO(DMRACE_AUDIT_MAGIC, 5)
#define DMRACE_AUDIT_END	_IO(DMRACE_AUDIT_MAGIC, 6)

#endif
