/* SPDX-License-Identifier: GPL-2.0-only */
/* The three parties of the race and what they tell each other. */
#ifndef DMRACE_PARTY_H
#define DMRACE_PARTY_H

#include <signal.h>
#include <sys/types.h>

/* Any wait inside the guest ends after this; the host's own deadline is longer. */
#define DEADLINE_MS	20000

/*
 * Priorities, all SCHED_FIFO: the remover above the kernel threads it waits for, those above the
 * load, everybody above the holder, which is SCHED_IDLE.
 */
#define REMOVER_PRIORITY	50
#define LOAD_PRIORITY		20
/* A sweep's gate, and the holder once the gate is open: both above the kernel threads' 30. */
#define GATE_PRIORITY		40
#define OPENED_PRIORITY		35

/*
 * struct race - one page shared by all parties
 *
 * During the window nobody may block on anything but the race itself, so the parties note here
 * what they saw and race.c makes records of it afterwards.
 */
struct race {
	/* What the trial asks for. */
	char disk[32];		/* dm-N */
	int pin;		/* an open helper device to keep the disk's kobject with, or -1 */
	char nonce[40];		/* this trial's */
	long yield_after;	/* sweep: let the holder run at this block of the remover; 0: no sweep */

	volatile sig_atomic_t failed;	/* a party gave up; its record says why */
	pid_t holder, load, remover, dmsetup, gate;
	unsigned long long kobject, completion;

	/* Pipes: a byte, or the end of file, is the event. */
	int hold[2], held[2], ready[2], remove[2], unloaded[2];

	/* Noted by the holder. */
	volatile long long drop_us, returned_us;

	/* Noted by the remover. */
	int dmsetup_status;
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

/* wait.c: events with a deadline; 0, or -errno (ETIMEDOUT when the deadline passed). */
int wait_readable(int fd);
int wait_byte(int pipe_end);
int send_byte(int pipe_end);

#endif
