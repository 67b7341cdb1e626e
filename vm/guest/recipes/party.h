/* SPDX-License-Identifier: GPL-2.0-only */
/* The parties of release-return and of a sweep, and what they tell each other. */
#ifndef DMRACE_PARTY_H
#define DMRACE_PARTY_H

#include <signal.h>
#include <sys/types.h>

#include "core/guest.h"
#include "core/trial.h"
#include "suspects/suspect.h"

/* Each wakes one party; vm/init creates them. */
#define TRACE_HOLDER	INSTANCES "dmrace-holder"
#define TRACE_LOAD	INSTANCES "dmrace-load"
#define TRACE_GATE	INSTANCES "dmrace-gate"
/* Wakes nobody: the load looks there for kernel threads that were born since. */
#define TRACE_BIRTHS	INSTANCES "dmrace-births"

/*
 * Priorities, all SCHED_FIFO: the remover above the kernel threads it waits for, those above the
 * load, everybody above the holder, which is SCHED_IDLE.
 */
#define REMOVER_PRIORITY	50
#define LOAD_PRIORITY		20
/* A sweep's holder once the gate is open: above the kernel threads. */
#define OPENED_PRIORITY		35
/*
 * Whoever reads a trace_pipe while the remover is at work; so the gate, always. A reader holds two
 * locks of all instances (v6.1, kernel/trace/trace.c, tracing_read_pipe(): trace_event_sem, which
 * the unload of a module takes for writing, and all_cpu_access_lock). One that was preempted in
 * there would have the remover block where it otherwise does not, and the gate wait for the load.
 */
#define READER_PRIORITY		60
_Static_assert(LOAD_PRIORITY < KTHREAD_PRIORITY && KTHREAD_PRIORITY < OPENED_PRIORITY &&
	       OPENED_PRIORITY < IRQ_WORK_PRIORITY && IRQ_WORK_PRIORITY < REMOVER_PRIORITY &&
	       REMOVER_PRIORITY < READER_PRIORITY,
	       "each above whom it waits for");

/*
 * struct race - one page shared by all parties
 *
 * During the window nobody may block on anything but the race itself, so the parties note here
 * what they saw and release-return.c makes records of it afterwards.
 */
struct race {
	const struct suspect *suspect;
	struct trial trial;	/* the remover is there before it */
	struct object object;

	volatile sig_atomic_t failed;	/* a party gave up; its record says why */
	pid_t holder, load, remover, gate;
	pid_t removal;		/* the program by which the remover removes the object */
	unsigned long long completion;

	/* Pipes: a byte, or the end of file, is the event. */
	int hold[2], held[2], ready[2], remove[2], unloaded[2];

	/* Noted by the holder. */
	volatile long long drop_us, returned_us;

	/* Noted by the remover. */
	int removal_status;
	long long removed_us, unload_us, unloaded_us;
	int refcount, unload_error, holder_returned;
	volatile sig_atomic_t unload_done;

	/* Noted by the load. */
	volatile long long spin_us, spun_us;
	int gave_up;

	/* Noted by the gate. */
	int blocks, opened;
};

/* Each is the whole life of one child process: it returns the exit status. */
int holder(struct race *race);
int load(struct race *race);
int gate(struct race *race);
int remover(struct race *race);

#endif
