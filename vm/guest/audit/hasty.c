// SPDX-License-Identifier: GPL-2.0-only
/*
 * The shortest way from the destroy to the end of the unload: what was queued by the one must still
 * be queued at the end of the other, on a kernel that nothing of ours delays.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/audit.h"
#include "core/guest.h"
#include "record-kinds.h"

#define PRIORITY	50

/* What the process tells: it may not write a record before it is through. */
struct told {
	int status[COMMANDS];
	long long us[COMMANDS];
	long long unload_us;
};

static void hurry(const struct visit *visit, struct told *told)
{
	long long started;
	int i, error = -become(SCHED_FIFO, PRIORITY);
	pid_t pid;

	for (i = 0; !error && i < visit->destroy_count; i++) {
		started = now_us();
		pid = start_shell(visit->destroys[i], 1);
		error = pid < 0 ? errno : -wait_child(pid, &told->status[i]);
		told->us[i] = now_us() - started;
	}
	started = now_us();
	if (!error)
		error = -unload_module(visit->module);
	told->unload_us = now_us() - started;
	_exit(error);
}

int destroy_and_unload(const struct visit *visit)
{
	struct told *told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = 0, late, error, i;
	pid_t pid;

	if (told == MAP_FAILED)
		return record_failure("mmap", errno), EIO;
	pid = fork();
	if (!pid)
		hurry(visit, told);
	late = pid < 0 || wait_within(pid, &status, visit->limit_ms * (visit->destroy_count + 1));
	if (late && pid > 0)
		kill(pid, SIGKILL);
	for (i = 0; i < visit->destroy_count; i++)
		record_ended(visit, "destroy", visit->destroys[i], told->status[i], 0,
			     told->us[i] / 1000);
	error = late ? ETIMEDOUT : WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
	/* One that is in use is tried again, and told about then. */
	if (error != EWOULDBLOCK && error != EBUSY)
		record_unloaded(visit->number, visit->module, error,
				module_refcount(visit->module), 0, told->unload_us / 1000);
	munmap(told, sizeof(*told));
	return error;
}
