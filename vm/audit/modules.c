// SPDX-License-Identifier: GPL-2.0-only
/* Where the modules lie that come and go during a visit. */
#include <linux/kallsyms.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/version.h>

#include "audit.h"

#define MODULES	256
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
#define REGIONS	4	/* text, data, rodata, ro_after_init: all but what init leaves */
#else
#define REGIONS	1
#endif

/*
 * Stored inverted: a scan of the memory for pointers into unloaded modules would find this table
 * first.
 */
struct region {
	unsigned long not_start;
	unsigned long not_end;
};

static struct noted {
	const struct module *module;	/* compared only */
	bool gone;
	struct region regions[REGIONS];
} noted[MODULES];
static unsigned int count;
static DEFINE_RAW_SPINLOCK(lock);

static void set_region(struct region *region, const void *base, unsigned int size)
{
	region->not_start = ~(unsigned long)base;
	region->not_end = ~((unsigned long)base + size);
}

static void note(const struct module *module)
{
	struct noted *new = NULL;
	unsigned int i;

	/* What went before is over where the same memory is used again, or the same struct. */
	for (i = 0; i < count; i++)
		if (noted[i].module == module)
			new = &noted[i];
	if (!new && count < MODULES)
		new = &noted[count++];
	if (!new)
		return;
	new->module = module;
	new->gone = false;
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
	BUILD_BUG_ON(MOD_INIT_TEXT != REGIONS);
	for (i = 0; i < REGIONS; i++)
		set_region(&new->regions[i], module->mem[i].base, module->mem[i].size);
#else
	set_region(&new->regions[0], module->core_layout.base, module->core_layout.size);
#endif
}

static int on_module(struct notifier_block *block, unsigned long state, void *data)
{
	const struct module *module = data;
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&lock, flags);
	if (state == MODULE_STATE_COMING)
		note(module);
	/* Its exit function has returned, or its init function failed. */
	if (state == MODULE_STATE_GOING)
		for (i = 0; i < count; i++)
			if (noted[i].module == module)
				noted[i].gone = true;
	raw_spin_unlock_irqrestore(&lock, flags);
	return NOTIFY_DONE;
}

static bool within(const struct noted *module, unsigned long address)
{
	int i;

	for (i = 0; i < REGIONS; i++)
		if (address >= ~module->regions[i].not_start && address < ~module->regions[i].not_end)
			return true;
	return false;
}

static bool in_module(const void *address, bool gone)
{
	bool found = false, lives = false;
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&lock, flags);
	for (i = 0; i < count; i++) {
		if (!within(&noted[i], (unsigned long)address))
			continue;
		if (noted[i].gone)
			found = true;
		else
			lives = true;
	}
	raw_spin_unlock_irqrestore(&lock, flags);
	/* Memory that another module has now is not gone. */
	return gone ? found && !lives : lives;
}

bool in_live_module(const void *address)
{
	return count && in_module(address, false);
}

bool in_gone_module(const void *address)
{
	return count && in_module(address, true);
}

void name_of(const void *address, char *name, size_t size)
{
	static char text[KSYM_SYMBOL_LEN];
	static DEFINE_RAW_SPINLOCK(text_lock);
	unsigned long flags;

	raw_spin_lock_irqsave(&text_lock, flags);
	sprint_symbol_no_offset(text, (unsigned long)address);
	strscpy(name, text, size);
	raw_spin_unlock_irqrestore(&text_lock, flags);
	/* "name [module]" */
	name[strcspn(name, " ")] = '\0';
}

bool peek(const void *address, void *to, size_t size)
{
	return !copy_from_kernel_nofault(to, address, size);
}

/* Modules that stayed are still noted; those that are gone are another visit's. */
void modules_begin(void)
{
	unsigned long flags;
	unsigned int i, kept = 0;

	raw_spin_lock_irqsave(&lock, flags);
	for (i = 0; i < count; i++)
		if (!noted[i].gone)
			noted[kept++] = noted[i];
	count = kept;
	raw_spin_unlock_irqrestore(&lock, flags);
}

static struct notifier_block block = { .notifier_call = on_module };

int modules_init(void)
{
	return register_module_notifier(&block);
}
