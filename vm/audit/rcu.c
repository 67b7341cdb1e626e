// SPDX-License-Identifier: GPL-2.0-only
/*
 * RCU callbacks of modules: noted when they are queued, and called up to 3 s later than RCU would,
 * unless rcu_barrier() is called meanwhile. A module that waits for its callbacks as
 * Documentation/RCU/rcubarrier.rst asks is not harmed by that; one that does not is gone by then.
 */
#include <linux/bottom_half.h>
#include <linux/jiffies.h>
#include <linux/timer.h>

#include "audit.h"

#define DELAY		msecs_to_jiffies(DMRACE_AUDIT_DELAY_MS)
#define LOOK_AGAIN	(HZ / 10)

static bool delaying;
static void look(struct timer_list *timer);
static DEFINE_TIMER(looker, look);

/* What RCU calls instead of the module's function. */
static void called(struct rcu_head *head)
{
	struct callback *callback;
	rcu_callback_t call = NULL;
	unsigned long flags;
	bool later = false;

	raw_spin_lock_irqsave(&callbacks_lock, flags);
	callback = callback_find(DMRACE_RCU, head);
	if (callback && (callback->now || !delaying) && in_live_module(callback->call)) {
		callback->state = CALLBACK_DONE;
		call = callback->call;
	} else if (callback) {
		callback->state = CALLBACK_DELAYED;
		callback->due = jiffies + DELAY;
		later = true;
	}
	raw_spin_unlock_irqrestore(&callbacks_lock, flags);
	/* Without the lock: the trace points of timers take it. */
	if (later)
		mod_timer(&looker, jiffies + LOOK_AGAIN);
	if (call)
		call(head);
}

/* Takes one that may run: its time has come, or @all; never one whose function is gone. */
static struct callback *take(bool all, struct callback *taken)
{
	struct callback *found = NULL;
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&callbacks_lock, flags);
	for (i = 0; i < callback_slots && !found; i++) {
		struct callback *callback = &callbacks[i];

		if (callback->kind != DMRACE_RCU || callback->state != CALLBACK_DELAYED ||
		    !(all || time_after_eq(jiffies, callback->due)) ||
		    !in_live_module(callback->call))
			continue;
		callback->state = CALLBACK_DONE;
		*taken = *callback;
		found = taken;
	}
	raw_spin_unlock_irqrestore(&callbacks_lock, flags);
	return found;
}

static void run_delayed(bool all)
{
	struct callback taken;

	while (take(all, &taken))
		((rcu_callback_t)taken.call)(taken.subject);
}

/* In a softirq, where RCU would have called them. */
static void look(struct timer_list *timer)
{
	unsigned long flags;
	bool more = false;
	unsigned int i;

	run_delayed(false);
	raw_spin_lock_irqsave(&callbacks_lock, flags);
	for (i = 0; i < callback_slots; i++)
		more |= callbacks[i].kind == DMRACE_RCU &&
			callbacks[i].state == CALLBACK_DELAYED && in_live_module(callbacks[i].call);
	raw_spin_unlock_irqrestore(&callbacks_lock, flags);
	if (more)
		mod_timer(&looker, jiffies + LOOK_AGAIN);
}

struct queueing {
	struct rcu_head *head;
	rcu_callback_t call;
};

/* Not 0: its return is of no interest. */
static int on_call_rcu(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	struct queueing *queueing = (struct queueing *)instance->data;

	queueing->head = (struct rcu_head *)regs_get_kernel_argument(regs, 0);
	queueing->call = (rcu_callback_t)regs_get_kernel_argument(regs, 1);
	return !(callbacks_noted() && in_live_module(queueing->call));
}

/*
 * Now it is queued, and RCU reads its function when the grace period is over: not before this
 * processor has been through a quiescent state, which it is not in here.
 */
static int on_called_rcu(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	const struct queueing *queueing = (struct queueing *)instance->data;
	unsigned long flags;

	raw_spin_lock_irqsave(&callbacks_lock, flags);
	if (queueing->head->func == queueing->call &&
	    callback_queued(DMRACE_RCU, queueing->head, queueing->call))
		queueing->head->func = called;
	raw_spin_unlock_irqrestore(&callbacks_lock, flags);
	return 0;
}

/* What waits here goes back to RCU, so that the barrier waits for it. */
static struct rcu_head *take_back(void)
{
	struct rcu_head *head = NULL;
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&callbacks_lock, flags);
	for (i = 0; i < callback_slots && !head; i++) {
		struct callback *callback = &callbacks[i];

		if (callback->kind != DMRACE_RCU || callback->state == CALLBACK_DONE ||
		    !in_live_module(callback->call))
			continue;
		callback->now = 1;
		if (callback->state == CALLBACK_DELAYED) {
			callback->state = CALLBACK_PENDING;
			head = callback->subject;
		}
	}
	raw_spin_unlock_irqrestore(&callbacks_lock, flags);
	return head;
}

static int on_barrier(struct kprobe *probe, struct pt_regs *regs)
{
	struct rcu_head *head;

	while ((head = take_back()))
		call_rcu(head, called);
	return 0;
}

static struct kretprobe queue_probe = {
	.kp.symbol_name = "call_rcu",
	.entry_handler = on_call_rcu,
	.handler = on_called_rcu,
	.data_size = sizeof(struct queueing),
	.maxactive = 32,
};

static struct kretprobe hurry_probe = {
	.kp.symbol_name = "call_rcu_hurry",
	.entry_handler = on_call_rcu,
	.handler = on_called_rcu,
	.data_size = sizeof(struct queueing),
	.maxactive = 32,
};

static struct kprobe barrier_probe = {
	.symbol_name = "rcu_barrier",
	.pre_handler = on_barrier,
};

int rcu_init_probes(void)
{
	int error = register_kretprobe(&queue_probe);

	if (error)
		return error;
	/* A function of its own with CONFIG_RCU_LAZY only, since v6.2. */
	error = register_kretprobe(&hurry_probe);
	if (error && error != -ENOENT)
		return error;
	return register_kprobe(&barrier_probe);
}

void rcu_begin(bool delay)
{
	WRITE_ONCE(delaying, delay);
}

unsigned int rcu_queued(void)
{
	unsigned long flags;
	unsigned int i, queued = 0;

	raw_spin_lock_irqsave(&callbacks_lock, flags);
	for (i = 0; i < callback_slots; i++)
		queued += callbacks[i].kind == DMRACE_RCU && callbacks[i].state != CALLBACK_DONE &&
			  in_live_module(callbacks[i].call);
	raw_spin_unlock_irqrestore(&callbacks_lock, flags);
	return queued;
}

void rcu_end(void)
{
	WRITE_ONCE(delaying, false);
	local_bh_disable();
	run_delayed(true);
	local_bh_enable();
}
