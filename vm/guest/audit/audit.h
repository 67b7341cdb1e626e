/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of a visit of the audit share. */
#ifndef DMRACE_GUEST_AUDIT_H
#define DMRACE_GUEST_AUDIT_H

#include <sys/types.h>

/* Where vm/audit-init put Debian's root of tools together; commands run in there. */
#define AUDIT_ROOT	"/audit"

#define COMMANDS	64
#define NEWCOMERS	64
#define MODULE_NAME	64

/*
 * struct visit - what the host asks of one visit
 * @number:      the host's number of it
 * @module:      what is loaded and unloaded, as /proc/modules names it
 * @parameters:  of the load; may be empty
 * @needs:       modules that are loaded first
 * @creates, @destroys: commands of the shell
 * @object, @callback: what must have appeared; empty where nothing is named
 * @delay:       whether RCU callbacks are delayed
 * @hold:        whether objects are held
 * @prove:       how many of the things that were found are made to happen
 * @prove_from:  the first of them, from 0: those before have ended a guest
 * @limit_ms:    of each command and unload
 * @settle_ms:   how long a crash is waited for where nobody watches
 * @fifo:        destroy and unload are SCHED_FIFO
 */
struct visit {
	long long number;
	char *module, *parameters, *object, *callback;
	char *needs[COMMANDS], *creates[COMMANDS], *destroys[COMMANDS];
	int need_count, create_count, destroy_count;
	int delay, hold, prove, prove_from, limit_ms, settle_ms, fifo;
};

/* run.c: whose references are dropped when a command is blocked; -1: nobody's. */
extern int blocked_helper;

/* visit.c: all of it in records. @helper: the audit's module, or -1. */
void run_visit(const struct visit *visit, int helper);

/*
 * run.c: a program in the root of tools with a process group of its own, which is killed when its
 * time is over. 0 when it ended with 0, 1 otherwise, -1 after a record.
 */
int run_step(const struct visit *visit, const char *step, char *const argv[], int fifo);
int run_shell(const struct visit *visit, const char *step, char *command, int fifo);
/* The same without waiting, and the record of its end. */
pid_t start_shell(char *command, int fifo);
void record_ended(const struct visit *visit, const char *step, const char *shown, int status,
		  int late, long long ms);
/* Ends what the steps of this visit have left running. */
void end_groups(void);
/* 0, or -ETIMEDOUT. */
int wait_within(pid_t pid, int *status, int ms);

/* newcomers.c: modules that came with a visit, the newest first. */
int note_modules(void);
int find_newcomers(const char *first, char names[][MODULE_NAME], int tell);
/* Whether other modules are built on it. */
int has_holders(const char *module);

/*
 * unload.c: unloads them in this order, but what others are built on after those. Returns whether
 * the guest is spoiled.
 */
int unload_all(const struct visit *visit, int helper, char names[][MODULE_NAME], int count);
/* Whether an unload that ended so leaves a guest of no use: it did not end, or was killed. */
int is_spoiling(int error);

/*
 * struct sleeper - a process that sleeps in the kernel where no signal wakes it
 * @pid:      0: nobody does
 * @switches: how often it had gone to sleep
 * @looks:    how many looks in a row have found it in the same sleep
 */
struct sleeper {
	pid_t pid;
	long long switches;
	int looks;
};

/* The time between two looks. */
#define LOOK_MS	400

/*
 * blocked.c: looks again at the processes of a group, and returns @looks. Waits for RCU, a disk or
 * another program do not count.
 */
int look_at(pid_t group, struct sleeper *sleeper);

/* hasty.c: destroys and unloads the module without a pause, by a real-time process; its error. */
int destroy_and_unload(const struct visit *visit);

/* noted.c: what the helper has noted. Each returns whether the guest is spoiled. */
int report_seen(const struct visit *visit, int helper, int again);
int report_outliving(const struct visit *visit, int helper);

/* console.c: marks in the kernel's log, printed in order with its crashes. */
void mark(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
