// SPDX-License-Identifier: GPL-2.0-only
/*
 * The remover, SCHED_FIFO above everybody: removes the device with the real dmsetup, then
 * unloads dm_mod. Steps 2, 3, 4, 8 and 9 are its. Then it reports them.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "party.h"
#include "record-kinds.h"

/* --noudevsync: no udevd answers in this guest. */
static pid_t start_dmsetup(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(126);
	execl("/sbin/dmsetup", "dmsetup", "remove", "--noudevsync", DEVICE, (char *)NULL);
	_exit(127);
}

/* Whether @pid, which is stopped at a system call, is about to open dm's control device. */
static int opens_control(pid_t pid)
{
	static const char control[] = "/dev/mapper/control";
	char path[32], text[128], name[sizeof(control)] = "";
	unsigned long long address;
	long number;
	int memory, right;

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid); /* its number, then its arguments */
	if (read_file(path, text, sizeof(text)) <= 0 ||
	    sscanf(text, "%ld %*x %llx", &number, &address) != 2 || number != SYS_openat)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	memory = open(path, O_RDONLY | O_CLOEXEC);
	if (memory < 0)
		return 0;
	right = pread(memory, name, sizeof(name), address) == sizeof(name) &&
		!memcmp(name, control, sizeof(control));
	close(memory);
	return right;
}

/*
 * Lets dmsetup run until it is about to open the control device: its start and its dynamic linking
 * are a quarter of all the code that a trial needs, and have nothing to do with the race. What
 * follows is dmsetup's own, untraced. Its pid is known to the trace's filters.
 */
static int hold_at_control(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
		if (opens_control(pid))
			return 0;
		if (ptrace(PTRACE_SYSCALL, pid, NULL, NULL))
			return record_failure("PTRACE_SYSCALL of dmsetup", errno);
	}
	return record_failure("hold dmsetup: it is gone", ESRCH);
}

static int module_refcount(void)
{
	char text[16];

	return read_file("/sys/module/dm_mod/refcnt", text, sizeof(text)) > 0 ? atoi(text) : -1;
}

/*
 * The window, as far as it has come: its records, and its trace with its size. The load still
 * keeps the holder off the CPU, so all of this is said before step 10, which may be the last thing
 * that this kernel does: where the text of an unloaded module stays mapped and is filled with int3,
 * the crash is a panic (x86-64 since v6.15, docs/kernels.md).
 */
static int report_window(struct race *race)
{
	char *trace = NULL;
	ssize_t bytes;
	long long lost;
	int error;

	error = record_removed(race->dmsetup, race->dmsetup_status, race->removed_us) |
		record_unload(race->remover, "dm_mod", race->unload_error, race->refcount,
			      race->unload_us, race->unloaded_us, race->holder_returned);
	bytes = read_trace(TRACE "/trace_pipe", &trace);
	lost = lost_events();
	if (bytes < 0 || lost < 0 || send_trace(trace, bytes))
		error = -1;
	else
		error |= record_window(race->nonce, bytes, lost);
	free(trace);
	return error;
}

int remover(struct race *race)
{
	int error = become(SCHED_FIFO, REMOVER_PRIORITY);
	pid_t dmsetup;
	char order;

	if (error)
		return record_failure("SCHED_FIFO for the remover", -error), 1;
	dmsetup = start_dmsetup(); /* inherits the policy */
	if (dmsetup < 0)
		return record_failure("fork dmsetup", errno), 1;
	if (hold_at_control(dmsetup))
		return 1;
	race->dmsetup = dmsetup;
	if (send_byte(race->ready[1]))
		return 1;

	/* However long: a saved guest waits here for its trial. */
	while (read(race->remove[0], &order, 1) < 0)
		if (errno != EINTR)
			return record_failure("wait for the order to remove", errno), 1;
	if (ptrace(PTRACE_DETACH, dmsetup, NULL, NULL))
		return record_failure("PTRACE_DETACH of dmsetup", errno), 1;

	while (waitpid(dmsetup, &race->dmsetup_status, 0) < 0)
		if (errno != EINTR)
			return record_failure("wait for dmsetup", errno), 1;
	race->removed_us = now_us();
	race->refcount = module_refcount();

	/* Step 9. O_NONBLOCK: a module in use is an error, never a wait. */
	race->unload_us = now_us();
	if (syscall(SYS_delete_module, "dm_mod", O_NONBLOCK))
		race->unload_error = errno;
	race->holder_returned = race->returned_us != 0;
	race->unloaded_us = now_us();
	error = report_window(race);
	race->unload_done = 1;
	if (race->gate && send_byte(race->unloaded[1]))
		return record_failure("tell the gate of the unload", errno), 1;
	return error ? 1 : 0;
}
