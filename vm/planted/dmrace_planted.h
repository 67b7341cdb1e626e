/* SPDX-License-Identifier: GPL-2.0-only */
/* What the planted control offers to the guest's programs: one character device. */
#ifndef DMRACE_PLANTED_H
#define DMRACE_PLANTED_H

#include <linux/ioctl.h>

/* A magic of our own, as the helper's (helper/dmrace_helper.h). No argument: there is one object. */
#define PLANTED_MAGIC	0xD4
#define PLANTED_CREATE	_IO(PLANTED_MAGIC, 1)
#define PLANTED_REMOVE	_IO(PLANTED_MAGIC, 2)

/* Below /sys/kernel, and below that. */
#define PLANTED_PARENT	"dmrace_planted"
#define PLANTED_OBJECT	"object"

#endif
