/* SPDX-License-Identifier: GPL-2.0-only */
/* What the planted control offers to the guest's programs: one character device. */
#ifndef DMRACE_PLANTED_H
#define DMRACE_PLANTED_H

#include <linux/ioctl.h>

/* A magic of our own, as the helper's (helper/dmrace_helper.h). No argument: there is one object. */
#define PLANTED_MAGIC	0xD4
#define PLANTED_CREATE	_IO(PLANTED_MAGIC, 1)
#define PLANTED_REMOVE	_IO(PLANTED_MAGIC, 2)

/*
 * Below /sys/kernel, each below the one before; the object is the last. No other kobject has the name of the
 * topmost (the module has one, and so has its device): it is known by it.
 */
#define PLANTED_TOP	"dmrace_topmost"
#define PLANTED_UPPER	"upper"
#define PLANTED_LOWER	"lower"
#define PLANTED_NEAR	"near"
#define PLANTED_OBJECT	"object"
#define PLANTED_ABOVE	PLANTED_TOP "/" PLANTED_UPPER "/" PLANTED_LOWER "/" PLANTED_NEAR

#endif
