// SPDX-License-Identifier: GPL-2.0-only
/*
 * One reference on each kobject that is added, and where it leads once modules are gone.
 *
 * A held object stands for any kernel code that took a reference and drops it late. What is asked
 * is what kobject_cleanup() (lib/kobject.c) and the release methods of the driver core would read
 * or call then.
 */
#include <linux/blkdev.h>
#include <linux/device.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/version.h>

#include "audit.h"

#define HELD	4096

enum kind { OTHER, SKIPPED, DEVICE, CLASS, BUS };

static struct held {
	struct kobject *kobj;
	const struct kobj_type *ktype;	/* as it was when it was added */
	enum kind kind;
	bool dropped;
	char path[DMRACE_AUDIT_WHAT];
} held[HELD];
static unsigned int count, lost;
static bool noting;
static DEFINE_RAW_SPINLOCK(lock);
static const struct kobj_type *skipped_ktype;

/* Kinds of the types seen in a visit: naming a symbol costs more than all else here. */
static struct {
	const struct kobj_type *ktype;
	enum kind kind;
} kinds[64];
static unsigned int kinds_count;

/*
 * Whose release is waited for by design: a held queue keeps its network device's unregistration
 * waiting (net/core/net-sysfs.c), a held module its unload (mod_kobject_put(), kernel/module/sysfs.c).
 */
static enum kind kind_of(const struct kobj_type *ktype)
{
	static const struct {
		const char *release;
		enum kind kind;
	} known[] = {
		{ "device_release", DEVICE },
		{ "class_release", CLASS },
		{ "bus_release", BUS },
		{ "rx_queue_release", SKIPPED },
		{ "netdev_queue_release", SKIPPED },
	};
	enum kind kind = OTHER;
	char name[40];
	unsigned int i;

	if (!ktype || ktype == skipped_ktype)
		return SKIPPED;
	for (i = 0; i < kinds_count; i++)
		if (kinds[i].ktype == ktype)
			return kinds[i].kind;
	if (ktype->release) {
		name_of(ktype->release, name, sizeof(name));
		for (i = 0; i < ARRAY_SIZE(known); i++)
			if (!strcmp(name, known[i].release))
				kind = known[i].kind;
	}
	if (kinds_count < ARRAY_SIZE(kinds)) {
		kinds[kinds_count].ktype = ktype;
		kinds[kinds_count++].kind = kind;
	}
	return kind;
}

static struct kobject *above(const struct kobject *kobj)
{
	if (kobj->parent)
		return kobj->parent;
	return kobj->kset ? &kobj->kset->kobj : NULL;
}

/* What is below a module's own kobject keeps that one. */
static bool is_modules_own(const struct kobject *kobj)
{
	for (; kobj; kobj = above(kobj))
		if (kobj->ktype == skipped_ktype)
			return true;
	return false;
}

/* The last names of its path, as many as there is room for. */
static void note_path(struct held *object)
{
	const struct kobject *kobj;
	size_t at = sizeof(object->path) - 1;

	object->path[at] = '\0';
	for (kobj = object->kobj; kobj; kobj = above(kobj)) {
		const char *name = kobject_name(kobj);
		size_t length = name ? strlen(name) : 0;

		if (length + 1 > at)
			break;
		at -= length;
		memcpy(object->path + at, name, length);
		object->path[--at] = '/';
	}
	memmove(object->path, object->path + at + (at < sizeof(object->path) - 1),
		sizeof(object->path) - at - (at < sizeof(object->path) - 1));
}

static int on_add(struct kprobe *probe, struct pt_regs *regs)
{
	struct kobject *kobj = (struct kobject *)regs_get_kernel_argument(regs, 0);
	unsigned long flags;
	enum kind kind;

	if (!READ_ONCE(noting) || !kobj || !kobject_name(kobj) || !kobject_name(kobj)[0])
		return 0;
	raw_spin_lock_irqsave(&lock, flags);
	kind = kind_of(kobj->ktype);
	if (kind != SKIPPED && !is_modules_own(kobj)) {
		if (count == HELD) {
			lost++;
		} else {
			struct held *object = &held[count++];

			object->kobj = kobject_get(kobj);
			object->ktype = kobj->ktype;
			object->kind = kind;
			object->dropped = false;
			note_path(object);
		}
	}
	raw_spin_unlock_irqrestore(&lock, flags);
	return 0;
}

struct leads {
	enum dmrace_audit_fault fault;
	const void *to;
};

static const struct leads nowhere = { DMRACE_NOTHING, NULL };

static bool is_disk_release(const void *release)
{
	char name[24];

	name_of(release, name, sizeof(name));
	return !strcmp(name, "disk_release");
}

/* A pointer in memory that need not be what it was; NULL where it cannot be read. */
static const void *pointer_at(const void *address)
{
	const void *pointer;

	return address && peek(address, &pointer, sizeof(pointer)) ? pointer : NULL;
}

#if LINUX_VERSION_CODE >= KERNEL_VERSION(5, 18, 0)
/* disk_release() asks for fops->free_disk of a disk that was added (block/genhd.c, v6.1 and v6.12). */
static struct leads disk_leads(struct device *dev)
{
	const struct gendisk *disk = pointer_at(&dev_to_bdev(dev)->bd_disk);
	unsigned long state;
	const void *fops;

	if (!disk || !peek(&disk->state, &state, sizeof(state)) || !(state & BIT(GD_ADDED)))
		return nowhere;
	fops = pointer_at(&disk->fops);
	return in_gone_module(fops) ? (struct leads){ DMRACE_DISK_FOPS, fops } : nowhere;
}
#else
/* Before 5.18 it asked for nothing of the module's (block/genhd.c, v5.10). */
static struct leads disk_leads(struct device *dev)
{
	return nowhere;
}
#endif

/* In the order of device_release(), drivers/base/core.c. */
static struct leads device_leads(struct device *dev)
{
	const void *release;

	if (dev->release)
		return in_gone_module(dev->release) ?
			(struct leads){ DMRACE_DEVICE_RELEASE, dev->release } : nowhere;
	if (in_gone_module(dev->type))
		return (struct leads){ DMRACE_DEVICE_TYPE, dev->type };
	release = dev->type ? pointer_at(&dev->type->release) : NULL;
	if (release) {
		if (in_gone_module(release))
			return (struct leads){ DMRACE_DEVICE_RELEASE, release };
		return is_disk_release(release) ? disk_leads(dev) : nowhere;
	}
	if (in_gone_module(dev->class))
		return (struct leads){ DMRACE_DEVICE_CLASS, dev->class };
	release = dev->class ? pointer_at(&dev->class->dev_release) : NULL;
	return in_gone_module(release) ? (struct leads){ DMRACE_DEVICE_RELEASE, release } : nowhere;
}

/*
 * The kobject begins its struct subsys_private, which is drivers/base's own: any word of it that
 * leads into an unloaded module is the class, or the bus.
 */
static struct leads private_leads(const struct kobject *kobj, enum dmrace_audit_fault fault)
{
	const void *const *words = (const void *const *)kobj;
	size_t i;

	for (i = 0; i < ksize(kobj) / sizeof(*words); i++) {
		const void *word = pointer_at(&words[i]);

		if (in_gone_module(word))
			return (struct leads){ fault, word };
	}
	return nowhere;
}

static struct leads leads_of(const struct held *object)
{
	struct kobject *kobj = object->kobj, now;
	const void *release;

	if (in_gone_module(kobj))
		return (struct leads){ DMRACE_OBJECT_IN_MODULE, kobj };
	/* A reference is held: what is not there any more was freed without asking for it. */
	if (!peek(kobj, &now, sizeof(now)) || now.ktype != object->ktype ||
	    !now.state_initialized || !kref_read(&now.kref))
		return (struct leads){ DMRACE_FREED, NULL };
	if (in_gone_module(now.ktype))
		return (struct leads){ DMRACE_KTYPE, now.ktype };
	release = pointer_at(&now.ktype->release);
	if (in_gone_module(release))
		return (struct leads){ DMRACE_KTYPE, release };
	switch (object->kind) {
	case DEVICE:
		return device_leads(kobj_to_dev(kobj));
	case CLASS:
		return private_leads(kobj, DMRACE_CLASS_RELEASE);
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
	/* bus_release() wrote bus->p (drivers/base/bus.c, v6.1). */
	case BUS:
		return private_leads(kobj, DMRACE_BUS_RELEASE);
#endif
	default:
		return nowhere;
	}
}

static bool is_unsafe(const struct held *object)
{
	return leads_of(object).fault != DMRACE_NOTHING;
}

/* Its last reference may put its parent's. */
static bool has_unsafe_ancestor(const struct held *object)
{
	struct kobject *kobj = object->kobj, now;
	unsigned int depth, i;

	for (depth = 0; depth < 32; depth++) {
		if (!peek(kobj, &now, sizeof(now)))
			return true;
		kobj = now.parent;
		if (!kobj)
			return false;
		if (in_gone_module(kobj))
			return true;
		for (i = 0; i < count; i++)
			if (held[i].kobj == kobj && !held[i].dropped && is_unsafe(&held[i]))
				return true;
	}
	return true;
}

void objects_begin(bool hold)
{
	/* What is left of the visit before is unsafe to drop: those references stay for ever. */
	count = lost = kinds_count = 0;
	WRITE_ONCE(noting, hold);
}

void objects_stop(void)
{
	WRITE_ONCE(noting, false);
}

/* The last that was added first: children before their parents. */
void objects_drop(bool own)
{
	unsigned int i;

	objects_stop();
	for (i = count; i-- > 0;) {
		struct held *object = &held[i];

		if (object->dropped || (own && object->kind != OTHER) || is_unsafe(object) ||
		    has_unsafe_ancestor(object))
			continue;
		object->dropped = true;
		kobject_put(object->kobj);
	}
}

unsigned int objects_count(void)
{
	return count;
}

unsigned int objects_lost(void)
{
	return lost;
}

/* Whether what is between @object and @ancestor is safe, if that is above it at all. */
static bool is_below(const struct held *object, const struct held *ancestor)
{
	struct kobject *kobj = object->kobj, now;
	unsigned int depth, i;

	for (depth = 0; depth < 32; depth++) {
		if (!peek(kobj, &now, sizeof(now)))
			return false;
		kobj = now.parent;
		if (!kobj || in_gone_module(kobj))
			return false;
		if (kobj == ancestor->kobj)
			return true;
		for (i = 0; i < count; i++)
			if (held[i].kobj == kobj && !held[i].dropped && is_unsafe(&held[i]))
				return false;
	}
	return false;
}

/* What we hold below it keeps it: those go first, the last that was added before the others. */
static void drop_below(const struct held *ancestor)
{
	unsigned int i;

	for (i = count; i-- > 0;) {
		struct held *object = &held[i];

		if (object->dropped || object == ancestor || is_unsafe(object) ||
		    !is_below(object, ancestor))
			continue;
		object->dropped = true;
		kobject_put(object->kobj);
	}
}

int object_thing(unsigned int index, struct dmrace_audit_thing *thing)
{
	const struct held *object = &held[index];
	struct leads leads;

	if (index >= count)
		return -ENOENT;
	leads = object->dropped ? nowhere : leads_of(object);
	thing->kind = DMRACE_OBJECT;
	thing->fault = leads.fault;
	thing->blocked = leads.fault == DMRACE_OBJECT_IN_MODULE || leads.fault == DMRACE_FREED ||
			 (leads.fault && has_unsafe_ancestor(object));
	thing->object = (unsigned long)object->kobj;
	thing->address = (unsigned long)leads.to;
	strscpy(thing->what, object->path, sizeof(thing->what));
	return 0;
}

int object_prove(unsigned int index)
{
	struct held *object = &held[index];
	struct leads leads;

	if (index >= count || object->dropped)
		return -ENOENT;
	leads = leads_of(object);
	if (leads.fault == DMRACE_NOTHING)
		return -EINVAL;
	if (leads.fault == DMRACE_OBJECT_IN_MODULE || leads.fault == DMRACE_FREED ||
	    has_unsafe_ancestor(object))
		return -EBUSY;
	drop_below(object);
	object->dropped = true;
	kobject_put(object->kobj);
	return 0;
}

static struct kprobe probe = {
	.symbol_name = "kobject_add_internal",
	.pre_handler = on_add,
};

int objects_init(const struct kobj_type *module_ktype)
{
	skipped_ktype = module_ktype;
	return register_kprobe(&probe);
}
