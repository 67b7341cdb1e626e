// SPDX-License-Identifier: GPL-2.0-only
/*
 * dmrace_mistake - one mistake of an unload, made on purpose, or done right
 *
 * The control of the audit: each mistake must be found, and nothing must be said of its correct
 * twin, before the silence of other modules means anything. Parameters: mistake=NAME twin=0|1.
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/kobject.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/version.h>
#include <linux/workqueue.h>

/* Long after the unload; the proof does not wait for it. */
#define LATER	(120 * HZ)
#define NAME	"dmrace_mistake"

static char *mistake = "";
module_param(mistake, charp, 0444);
MODULE_PARM_DESC(mistake, "Which mistake is made");
static bool twin;
module_param(twin, bool, 0444);
MODULE_PARM_DESC(twin, "Do it right instead");

/* ktype: the release method is the module's. Right: it is the kernel's. */
static void mistake_release(struct kobject *kobj)
{
	kfree(kobj);
}

static struct kobj_type mistake_ktype = { .release = mistake_release };
static struct kobject *object;

static int ktype_start(void)
{
	int error;

	if (twin) {
		object = kobject_create_and_add(NAME, kernel_kobj);
		return object ? 0 : -ENOMEM;
	}
	object = kzalloc(sizeof(*object), GFP_KERNEL);
	if (!object)
		return -ENOMEM;
	error = kobject_init_and_add(object, &mistake_ktype, kernel_kobj, NAME);
	if (error)
		kobject_put(object);
	return error;
}

static void ktype_stop(void)
{
	/* Its name is free for the next, whoever holds it. */
	kobject_del(object);
	kobject_put(object);
}

/* object-in-module: nobody can wait for its last reference. Right: it is allocated. */
static struct kobject static_object;

static int static_start(void)
{
	struct kobj_type *type;
	int error;

	if (twin)
		return ktype_start();
	/* Of no module, and without a release method: what is wrong is the object's place alone. */
	type = kzalloc(sizeof(*type), GFP_KERNEL);
	if (!type)
		return -ENOMEM;
	error = kobject_init_and_add(&static_object, type, kernel_kobj, NAME);
	if (error)
		kobject_put(&static_object);
	return error;
}

static void static_stop(void)
{
	if (twin)
		return ktype_stop();
	kobject_del(&static_object);
	kobject_put(&static_object);
}

/* class-release: class_release() reads the class. Right: the class is allocated. */
static struct class static_class = { .name = NAME };
static struct class *made_class;

static int class_start(void)
{
	if (!twin)
		return class_register(&static_class);
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 4, 0)
	made_class = class_create(NAME);
#else
	made_class = class_create(THIS_MODULE, NAME);
#endif
	return PTR_ERR_OR_ZERO(made_class);
}

static void class_stop(void)
{
	if (twin)
		class_destroy(made_class);
	else
		class_unregister(&static_class);
}

/* device-release: the release method is the module's. Right: device_create() brings the kernel's. */
static void mistake_device_release(struct device *dev)
{
	kfree(dev);
}

static struct device *device;

static int device_start(void)
{
	if (twin) {
		device = root_device_register(NAME);
		return PTR_ERR_OR_ZERO(device);
	}
	device = kzalloc(sizeof(*device), GFP_KERNEL);
	if (!device)
		return -ENOMEM;
	device_initialize(device);
	device->release = mistake_device_release;
	if (dev_set_name(device, NAME) || device_add(device)) {
		put_device(device);
		return -ENOMEM;
	}
	return 0;
}

static void device_stop(void)
{
	if (twin)
		root_device_unregister(device);
	else
		device_unregister(device);
}

/* rcu-callback: called after the text went. Right: rcu_barrier(). */
struct mistake {
	struct rcu_head rcu;
	struct timer_list timer;
	struct delayed_work work;
};

static struct mistake *allocated;

static int allocate(void)
{
	allocated = kzalloc(sizeof(*allocated), GFP_KERNEL);
	return allocated ? 0 : -ENOMEM;
}

static void mistake_rcu(struct rcu_head *head)
{
	kfree(container_of(head, struct mistake, rcu));
}

static void rcu_stop(void)
{
	call_rcu(&allocated->rcu, mistake_rcu);
	if (twin)
		rcu_barrier();
}

/* timer: it is still armed. Right: it is deleted, and waited for. */
static void mistake_timer(struct timer_list *timer)
{
}

static int timer_start(void)
{
	int error = allocate();

	if (error)
		return error;
	timer_setup(&allocated->timer, mistake_timer, 0);
	mod_timer(&allocated->timer, jiffies + LATER);
	return 0;
}

static void timer_stop(void)
{
	if (!twin)
		return;
	timer_delete_sync(&allocated->timer);
	kfree(allocated);
}

/* work: it is still queued. Right: it is cancelled, and waited for. */
static void mistake_work(struct work_struct *work)
{
}

static int work_start(void)
{
	int error = allocate();

	if (error)
		return error;
	INIT_DELAYED_WORK(&allocated->work, mistake_work);
	schedule_delayed_work(&allocated->work, LATER);
	return 0;
}

static void work_stop(void)
{
	if (!twin)
		return;
	cancel_delayed_work_sync(&allocated->work);
	kfree(allocated);
}

/* thread: it still runs. Right: it is stopped. */
static struct task_struct *thread;

static int mistake_thread(void *data)
{
	while (!kthread_should_stop())
		schedule_timeout_interruptible(LATER);
	return 0;
}

static int thread_start(void)
{
	thread = kthread_run(mistake_thread, NULL, NAME);
	return PTR_ERR_OR_ZERO(thread);
}

static void thread_stop(void)
{
	if (twin)
		kthread_stop(thread);
}

static const struct {
	const char *name;
	int (*start)(void);
	void (*stop)(void);
} mistakes[] = {
	{ "ktype", ktype_start, ktype_stop },
	{ "object-in-module", static_start, static_stop },
	{ "class-release", class_start, class_stop },
	{ "device-release", device_start, device_stop },
	{ "rcu-callback", allocate, rcu_stop },
	{ "timer", timer_start, timer_stop },
	{ "work", work_start, work_stop },
	{ "thread", thread_start, thread_stop },
};

static int chosen;

static int __init mistake_init(void)
{
	for (chosen = 0; chosen < ARRAY_SIZE(mistakes); chosen++)
		if (!strcmp(mistake, mistakes[chosen].name))
			return mistakes[chosen].start();
	return -EINVAL;
}
module_init(mistake_init);

static void __exit mistake_exit(void)
{
	mistakes[chosen].stop();
}
module_exit(mistake_exit);

MODULE_DESCRIPTION("Makes one mistake of an unload, for the audit of the dmrace harness");
MODULE_LICENSE("GPL");
