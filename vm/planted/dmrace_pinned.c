// SPDX-License-Identifier: GPL-2.0-only
/*
 * dmrace_pinned - the release method of the planted control's correct twin, in text that stays: what
 * drivers/md/dm-builtin.c is to dm
 */
#include <linux/module.h>

#include "planted_object.h"

void dmrace_pinned_release(struct kobject *kobj);

void dmrace_pinned_release(struct kobject *kobj)
{
	planted_released(kobj);
}
EXPORT_SYMBOL_GPL(dmrace_pinned_release);

/* Nobody drops this reference: the method may be running at any time. */
static int __init pinned_init(void)
{
	__module_get(THIS_MODULE);
	return 0;
}

module_init(pinned_init);

MODULE_DESCRIPTION("The release method of the planted control's twin, for the dmrace harness");
MODULE_LICENSE("GPL");
