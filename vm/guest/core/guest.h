/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the guest's one program share. */
#ifndef DMRACE_GUEST_H
#define DMRACE_GUEST_H

#include <stddef.h>
#include <sys/types.h>

#include "helper/dmrace_helper.h"

/* vm/init creates the instances. This one is the evidence. */
#define INSTANCES	"/sys/kernel/tracing/instances/"
#define TRACE		INSTANCES "dmrace"

/* Opened by vm/init; every program inherits them. */
#define HELPER_FD	5	/* for the life of the VM, in a guest with the helper */
#define COMMANDS_FD	6
#define RECORDS_FD	7

#define HELPER_DEVICE	"/dev/dmrace"

/*
 * wait.c: any wait inside the guest ends after this; the host's own deadline is longer. 20 s unless
 * a trial's wait-ms= says otherwise (--patience).
 */
extern int deadline_ms;
#define DEADLINE_MS	deadline_ms

/* All kernel threads of a race, SCHED_FIFO; recipes rank their parties above and below. */
#define KTHREAD_PRIORITY	30
/*
 * irq_work/N of PREEMPT_RT (v6.1, kernel/irq_work.c), which tells a reader of an event: before the
 * kernel thread that somebody waits for, after whoever was woken by what the event is about.
 */
#define IRQ_WORK_PRIORITY	45

/*
 * Unless said otherwise a function returns 0, or -1 after a record of the failure; a *_main()
 * returns its program's exit status.
 */

/* record.c: the guest's reports, in the format that harness/model/record.ts describes. */
long long now_us(void);
int record_failure(const char *what, int error);	/* always -1 */
int record_main(int argc, char **argv);

/* sched.c: scheduling policies, set and then asked for. */
int become(int policy, int priority);			/* of the calling process; or -errno */
int record_party(const char *party, pid_t pid);
int raise_kthreads(void);
int kthreads_main(int argc, char **argv);

/* file.c: small kernel files; 0 or the length, or -errno. */
int write_file(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));
int read_file(const char *path, char *buffer, size_t size);

/* trace.c: what the trace says, and its way to the host. */
int trace_on(void);
ssize_t read_trace(const char *path, char **text);
int send_trace(const char *text, ssize_t size);
long long lost_events(void);

/* wait.c: events with a deadline; 0, or -errno (ETIMEDOUT when the deadline passed). */
int wait_readable(int fd);
int wait_byte(int pipe_end);
int wait_child(pid_t pid, int *status);			/* without a deadline */
int send_byte(int pipe_end);				/* or -1 after a record */

/* module.c: the module whose unload is asked about. */
int module_refcount(const char *module);		/* or -1 */
int unload_module(const char *module);			/* or -errno */
int load_module(const char *file);

/* helper.c: references on kobjects. */
int hold_kobject(int helper, const char *directory, struct dmrace_hold *held);

/* program.c: a program that has its start behind it when it is let go. */
pid_t start_held(const char *path, char *const argv[], const char *file);	/* or -1 */
int let_go(pid_t pid);

/* reseed.c: random numbers that a restored VM has not seen. */
int reseed(const char *nonce, long long seed);

/* close.c: the last words of a trial. */
int send_window(const char *nonce);			/* the trace so far, and its record; or -1 */
int close_trial(const char *nonce);

/* layout.c, symbols.c: addresses. */
int layout_main(int argc, char **argv);
int symbols_main(int argc, char **argv);

/* trial.c, serve.c: a whole trial, and the wait for one. */
int trial_main(int argc, char **argv);
int serve_main(int argc, char **argv);

/* audit/serve.c: the visits of an audit. */
int audit_main(int argc, char **argv);

/* pause.c: stops the virtual machine from inside. */
int pause_main(int argc, char **argv);

#endif
