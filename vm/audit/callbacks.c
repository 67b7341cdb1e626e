// SPDX-License-Identifier: GPL-2.0-only
/*
 * Timers, work and threads of modules, from when they are queued to when they were called or taken
 * back, as the kernel's own trace points tell; and the table of all callbacks.
 */
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/tracepoint.h>
#include <linux/version.h>
#include <linux/workqueue.h>

#include "audit.h"

/* Its old name; stable trees of 6.1 have both. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define timer_delete del_timer
#endif

struct callback callbacks[CALLBACKS];
unsigned int callback_slots;
DEFINE_RAW_SPINLOCK(callbacks_lock);
static unsigned int lost;
static bool noting;
/* Nanoseconds since the boot, as task_struct.start_time. */
static u64 begun;

bool callbacks_noted(void)
{
	return READ_ONCE(noting);
}

struct callback *callback_find(int kind, const void *subject)
{
	unsigned int i;

	for (i = 0; i < callback_slots; i++)
		if (callbacks[i].kind == kind && callbacks[i].subject == subject &&
		    callbacks[i].state != CALLBACK_DONE)
			return &callbacks[i];
	return NULL;
}

/* One that is done gives its place to the next of the same function, else it is kept: it was seen. */
static struct callback *free_slot(int kind, const void *call)
{
	unsigned int i;

	for (i = 0; i < callback_slots; i++)
		if (callbacks[i].state == CALLBACK_DONE && callbacks[i].kind == kind &&
		    callbacks[i].call == call)
			return &callbacks[i];
	if (callback_slots == CALLBACKS)
		return NULL;
	callbacks[callback_slots].call = NULL;
	return &callbacks[callback_slots++];
}

struct callback *callback_queued(int kind, void *subject, void *call)
{
	struct callback *callback = callback_find(kind, subject);

	if (!callback)
		callback = free_slot(kind, call);
	if (!callback) {
		lost++;
		return NULL;
	}
	if (callback->call != call)
		name_of(call, callback->name, sizeof(callback->name));
	callback->kind = kind;
	callback->subject = subject;
	callback->timer = NULL;
	callback->call = call;
	callback->now = 0;
	callback->state = CALLBACK_PENDING;
	return callback;
}

static void queued(int kind, void *subject, void *call, void *timer)
{
	struct callback *callback;
	unsigned long flags;

	if (!READ_ONCE(noting) || !in_live_module(call))
		return;
	raw_spin_lock_irqsave(&callbacks_lock, flags);
	callback = callback_queued(kind, subject, call);
	if (callback)
		callback->timer = timer;
	raw_spin_unlock_irqrestore(&callbacks_lock, flags);
}

static void done(int kind, const void *subject)
{
	struct callback *callback;
	unsigned long flags;

	if (!READ_ONCE(callback_slots))
		return;
	raw_spin_lock_irqsave(&callbacks_lock, flags);
	callback = callback_find(kind, subject);
	if (callback)
		callback->state = CALLBACK_DONE;
	raw_spin_unlock_irqrestore(&callbacks_lock, flags);
}

static struct work_struct *delayed(struct timer_list *timer)
{
	return timer->function == delayed_work_timer_fn ?
		&container_of(timer, struct delayed_work, timer)->work : NULL;
}

/*
 * Of the arguments that the trace points have (include/trace/events/timer.h and workqueue.h) only
 * the first are taken, which have been the same from v5.10 on.
 */
static void on_timer_start(void *data, struct timer_list *timer)
{
	struct work_struct *work = delayed(timer);

	if (work)
		queued(DMRACE_WORK, work, work->func, timer);
	else
		queued(DMRACE_TIMER, timer, timer->function, NULL);
}

static void on_timer_over(void *data, struct timer_list *timer)
{
	struct work_struct *work = delayed(timer);

	if (work)
		done(DMRACE_WORK, work);
	else
		done(DMRACE_TIMER, timer);
}

static void on_hrtimer_start(void *data, struct hrtimer *timer)
{
	queued(DMRACE_HRTIMER, timer, ACCESS_PRIVATE(timer, function), NULL);
}

static void on_hrtimer_over(void *data, struct hrtimer *timer)
{
	done(DMRACE_HRTIMER, timer);
}

static void work_goes_on(const struct work_struct *work, int from, int to)
{
	struct callback *callback;
	unsigned long flags;

	if (!READ_ONCE(callback_slots))
		return;
	raw_spin_lock_irqsave(&callbacks_lock, flags);
	callback = callback_find(DMRACE_WORK, work);
	if (callback && callback->state == from)
		callback->state = to;
	raw_spin_unlock_irqrestore(&callbacks_lock, flags);
}

static void on_queue_work(void *data, int cpu, void *queue, struct work_struct *work)
{
	queued(DMRACE_WORK, work, work->func, NULL);
}

/* From here on the work is not looked at any more: its function may free it, or queue it again. */
static void on_work_start(void *data, struct work_struct *work)
{
	work_goes_on(work, CALLBACK_PENDING, CALLBACK_RUNNING);
}

/* Its function has returned. One that was queued again meanwhile waits. */
static void on_work_over(void *data, struct work_struct *work)
{
	work_goes_on(work, CALLBACK_RUNNING, CALLBACK_DONE);
}

static struct {
	const char *name;
	void *probe;
	struct tracepoint *found;
} points[] = {
	{ "timer_start", on_timer_start, NULL },
	{ "timer_cancel", on_timer_over, NULL },
	{ "timer_expire_entry", on_timer_over, NULL },
	{ "hrtimer_start", on_hrtimer_start, NULL },
	{ "hrtimer_cancel", on_hrtimer_over, NULL },
	{ "hrtimer_expire_entry", on_hrtimer_over, NULL },
	{ "workqueue_queue_work", on_queue_work, NULL },
	{ "workqueue_execute_start", on_work_start, NULL },
	{ "workqueue_execute_end", on_work_over, NULL },
};

static void find_point(struct tracepoint *point, void *data)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(points); i++)
		if (!strcmp(point->name, points[i].name))
			points[i].found = point;
}

int callbacks_init(void)
{
	unsigned int i;
	int error;

	for_each_kernel_tracepoint(find_point, NULL);
	for (i = 0; i < ARRAY_SIZE(points); i++) {
		if (!points[i].found) {
			pr_err("dmrace_audit: the kernel has no trace point %s\n", points[i].name);
			return -ENOENT;
		}
		error = tracepoint_probe_register(points[i].found, points[i].probe, NULL);
		if (error)
			return error;
	}
	return 0;
}

void callbacks_begin(void)
{
	unsigned long flags;
	unsigned int i, kept = 0;

	raw_spin_lock_irqsave(&callbacks_lock, flags);
	/*
	 * RCU still has to find those that it will call, but for those whose function is gone: where
	 * that was, another module's may be soon.
	 */
	for (i = 0; i < callback_slots; i++)
		if (callbacks[i].kind == DMRACE_RCU && callbacks[i].state != CALLBACK_DONE &&
		    !in_gone_module(callbacks[i].call))
			callbacks[kept++] = callbacks[i];
	callback_slots = kept;
	lost = 0;
	begun = ktime_get_ns();
	WRITE_ONCE(noting, true);
	raw_spin_unlock_irqrestore(&callbacks_lock, flags);
}

void callbacks_stop(void)
{
	WRITE_ONCE(noting, false);
}

unsigned int callbacks_count(void)
{
	return callback_slots;
}

unsigned int callbacks_lost(void)
{
	return lost;
}

/*
 * The @index-th kernel thread of this visit that runs a function of a module; NULL: there are not so
 * many. One that a visit before has left runs where another module may be by now.
 */
static struct task_struct *thread(unsigned int index, void **call)
{
	struct task_struct *task, *found = NULL;

	rcu_read_lock();
	for_each_process(task) {
		if (!(task->flags & PF_KTHREAD) || task->exit_state || task->start_time < begun)
			continue;
		*call = kthread_func(task);
		if (!*call || (!in_live_module(*call) && !in_gone_module(*call)))
			continue;
		if (index--)
			continue;
		found = task;
		get_task_struct(found);
		break;
	}
	rcu_read_unlock();
	return found;
}

unsigned int threads_count(void)
{
	struct task_struct *task;
	unsigned int number = 0;
	void *call;

	while ((task = thread(number, &call))) {
		put_task_struct(task);
		number++;
	}
	return number;
}

/*
 * Work that was cancelled was told to nobody: it is no longer marked as pending. What has been freed
 * since may look so all the same, but is in no list.
 */
static bool work_waits(const struct callback *callback)
{
	struct work_struct work, *now = callback->subject;
	struct list_head *back;

	if (callback->timer || callback->state == CALLBACK_RUNNING)
		return true;
	return peek(now, &work, sizeof(work)) && work.func == callback->call &&
	       (*(unsigned long *)&work.data & BIT(WORK_STRUCT_PENDING_BIT)) &&
	       work.entry.next != &now->entry &&
	       peek(&work.entry.next->prev, &back, sizeof(back)) && back == &now->entry;
}

static bool is_pending(const struct callback *callback)
{
	if (callback->state == CALLBACK_DONE || !in_gone_module(callback->call))
		return false;
	return callback->kind != DMRACE_WORK || work_waits(callback);
}

/* Not what is gone itself, nor what happens already. */
static bool is_provable(const struct callback *callback)
{
	return callback->state != CALLBACK_RUNNING && !in_gone_module(callback->subject);
}

int callback_thing(unsigned int index, struct dmrace_audit_thing *thing)
{
	struct task_struct *task;
	void *call;

	if (index < callback_slots) {
		const struct callback *callback = &callbacks[index];

		thing->kind = callback->kind;
		thing->fault = is_pending(callback) ? DMRACE_PENDING : DMRACE_NOTHING;
		thing->blocked = thing->fault && !is_provable(callback);
		thing->object = (unsigned long)callback->subject;
		thing->address = thing->fault ? (unsigned long)callback->call : 0;
		strscpy(thing->what, callback->name, sizeof(thing->what));
		return 0;
	}
	task = thread(index - callback_slots, &call);
	if (!task)
		return -ENOENT;
	thing->kind = DMRACE_THREAD;
	thing->fault = in_gone_module(call) ? DMRACE_PENDING : DMRACE_NOTHING;
	thing->blocked = 0;
	thing->object = (unsigned long)task;
	thing->address = thing->fault ? (unsigned long)call : 0;
	strscpy(thing->what, task->comm, sizeof(thing->what));
	put_task_struct(task);
	return 0;
}

static int wake_thread(unsigned int index)
{
	void *call;
	struct task_struct *task = thread(index, &call);
	int error = 0;

	if (!task)
		return -ENOENT;
	if (!in_gone_module(call))
		error = -EINVAL;
	else if (!wake_up_process(task))
		error = -EAGAIN;
	put_task_struct(task);
	return error;
}

/*
 * Takes a callback off its queue and calls it here, so that the crash is this process's: in an
 * interrupt it would be the end of the kernel.
 */
int callback_prove(unsigned int index)
{
	struct callback taken;
	unsigned long flags;

	if (index >= callback_slots)
		return wake_thread(index - callback_slots);
	raw_spin_lock_irqsave(&callbacks_lock, flags);
	taken = callbacks[index];
	raw_spin_unlock_irqrestore(&callbacks_lock, flags);
	if (!is_pending(&taken))
		return -EINVAL;
	if (!is_provable(&taken))
		return -EBUSY;
	switch (taken.kind) {
	case DMRACE_RCU:
		if (taken.state != CALLBACK_DELAYED)
			return -EAGAIN;
		callbacks[index].state = CALLBACK_DONE;
		((rcu_callback_t)taken.call)(taken.subject);
		return 0;
	case DMRACE_TIMER:
		timer_delete(taken.subject);
		callbacks[index].state = CALLBACK_DONE;
		((void (*)(struct timer_list *))taken.call)(taken.subject);
		return 0;
	case DMRACE_HRTIMER:
		if (hrtimer_try_to_cancel(taken.subject) < 0)
			return -EAGAIN;
		callbacks[index].state = CALLBACK_DONE;
		((enum hrtimer_restart (*)(struct hrtimer *))taken.call)(taken.subject);
		return 0;
	default:
		if (taken.timer)
			timer_delete(taken.timer);
		else
			cancel_work(taken.subject);
		callbacks[index].state = CALLBACK_DONE;
		((work_func_t)taken.call)(taken.subject);
		return 0;
	}
}
