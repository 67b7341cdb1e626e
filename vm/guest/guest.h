/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the guest's one program share. */
#ifndef DMRACE_GUEST_H
#define DMRACE_GUEST_H

#include <stddef.h>
#include <sys/types.h>

/* Where the trial's trace goes; vm/init creates the instances. */
#define TRACE		"/sys/kernel/tracing/instances/dmrace"
#define TRACE_HOLDER	"/sys/kernel/tracing/instances/dmrace-holder"
#define TRACE_LOAD	"/sys/kernel/tracing/instances/dmrace-load"
#define TRACE_RELEASE	"/sys/kernel/tracing/instances/dmrace-release"
#define TRACE_GATE	"/sys/kernel/tracing/instances/dmrace-gate"
#define RECORDS_FD	7	/* opened by vm/init */
#define HELPER_DEVICE	"/dev/dmrace"
#define DEVICE		"dmrace"	/* the name of a trial's dm device */

/* record.c: the guest's reports, in the format that harness/model/record.ts describes. */
long long now_us(void);
int record_failure(const char *what, int error);
int record_main(int argc, char **argv);

/* sched.c: scheduling policies, set and then asked for. */
int become(int policy, int priority);
int record_party(const char *party, pid_t pid);
int kthreads_main(int argc, char **argv);

/* layout.c: addresses. */
int layout_main(int argc, char **argv);

/* file.c: small kernel files. */
int write_file(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));
int read_file(const char *path, char *buffer, size_t size);

/* trace.c: what the trace says, and its way to the host. */
ssize_t read_trace(const char *path, char **text);
int send_trace(const char *text, ssize_t size);
long long lost_events(void);

/* trial.c: a whole trial, and the wait for one. */
int trial_main(int argc, char **argv);
int serve_main(int argc, char **argv);

/* device.c and close.c: before and after the race. */
int make_device(const char *name);
int close_main(int argc, char **argv);
int send_trace(const char *text, ssize_t size);

/* symbols.c: what a debugger needs of a kernel without vmlinux. */
int symbols_main(int argc, char **argv);

/* race.c: the ten steps. */
int race_prepare(void);
int race_main(int argc, char **argv);

/* delayed.c: no holder, the kernel itself releases late. */
int delayed_main(int argc, char **argv);

/* churn.c: a soak. */
int churn_main(int argc, char **argv);

/* reseed.c: random numbers that a restored VM has not seen. */
int reseed_main(int argc, char **argv);

/* pause.c: stops the virtual machine from inside. */
int pause_main(int argc, char **argv);

#endif
