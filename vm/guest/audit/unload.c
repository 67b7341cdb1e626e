// SPDX-License-Identifier: GPL-2.0-only
/* The unload of modules that came with a visit. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "audit/audit.h"
#include "audit/dmrace_audit.h"
#include "core/guest.h"
#include "record-kinds.h"

#define PRIORITY	50
/* A user of the module may be on its way out still. */
#define BUSY_MS		1500
/* One that is on its way in an RCU callback goes when our module has called that. */
#define DELAYED_MS	(DMRACE_AUDIT_DELAY_MS + BUSY_MS)
/* An unload that takes longer, or sleeps for so many looks, waits for us. */
#define WAITS_MS	4000
#define WAITS_LOOKS	5
#define PAUSE_MS	50

static pid_t start_unload(const char *module, int fifo)
{
	pid_t pid = fork();
	int error;

	if (pid)
		return pid;
	/* Looked at by its group, as commands are. */
	if (setpgid(0, 0) || (fifo && become(SCHED_FIFO, PRIORITY)))
		_exit(255);
	error = unload_module(module);
	_exit(-error);
}

static void pause_ms(int ms)
{
	struct timespec pause = { .tv_nsec = ms * 1000000L };

	nanosleep(&pause, NULL);
}

static void drop_all(int helper)
{
	if (ioctl(helper, DMRACE_AUDIT_DROP, 0UL))
		record_failure("DMRACE_AUDIT_DROP", errno);
}

/* 0 when it has ended, -ETIMEDOUT when it waits for what we hold. */
static int wait_unload(pid_t pid, int *status)
{
	struct sleeper sleeper = { 0 };
	int waited, error = -ETIMEDOUT;

	for (waited = 0; waited < WAITS_MS && error == -ETIMEDOUT; waited += LOOK_MS) {
		error = wait_within(pid, status, LOOK_MS);
		if (error == -ETIMEDOUT && look_at(pid, &sleeper) >= WAITS_LOOKS)
			break;
	}
	return error;
}

/* Its error, 0 when it is gone; an unload that blocks is told about in @waited. */
static int unload_once(const struct visit *visit, int helper, const char *module, int *waited)
{
	int status = 0, error;
	pid_t pid = start_unload(module, visit->fifo);

	if (pid < 0)
		return record_failure("fork", errno), EAGAIN;
	error = helper < 0 ? wait_within(pid, &status, visit->limit_ms) : wait_unload(pid, &status);
	if (error == -ETIMEDOUT) {
		/* It may wait for what we hold. */
		if (helper >= 0)
			drop_all(helper);
		*waited = 1;
		if (wait_within(pid, &status, visit->limit_ms) == -ETIMEDOUT) {
			kill(pid, SIGKILL);
			return ETIMEDOUT;
		}
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
}

int is_spoiling(int error)
{
	return error == ETIMEDOUT || error == EIO;
}

/* Whether our module has callbacks to call yet, one of which may put a module. */
static int has_queued(int helper)
{
	struct dmrace_audit_seen seen = { 0 };

	if (ioctl(helper, DMRACE_AUDIT_SEEN, &seen))
		record_failure("DMRACE_AUDIT_SEEN", errno);
	return seen.queued > 0;
}

/*
 * Returns its error. What keeps a module in use may be an object that we hold, whose release method
 * puts the module, as bcache's do (drivers/md/bcache/super.c).
 */
static int unload_newcomer(const struct visit *visit, int helper, const char *module)
{
	long long started = now_us(), limit_ms = BUSY_MS;
	int error, waited = 0;

	for (;;) {
		error = unload_once(visit, helper, module, &waited);
		if (error != EWOULDBLOCK && error != EBUSY)
			break;
		if (limit_ms < DELAYED_MS && !waited && now_us() - started > limit_ms * 1000 &&
		    helper >= 0 && has_queued(helper))
			limit_ms = DELAYED_MS;
		if (now_us() - started > limit_ms * 1000) {
			if (helper < 0 || waited || has_holders(module))
				break;
			drop_all(helper);
			waited = 1;
			limit_ms += BUSY_MS;
		}
		pause_ms(PAUSE_MS);
	}
	record_unloaded(visit->number, module, error, module_refcount(module), waited,
			(now_us() - started) / 1000);
	return error;
}

int unload_all(const struct visit *visit, int helper, char names[][MODULE_NAME], int count)
{
	char done[NEWCOMERS] = { 0 };
	int i, progress, spoiled = 0;

	do {
		progress = 0;
		for (i = 0; i < count && !spoiled; i++) {
			if (done[i] || has_holders(names[i]))
				continue;
			spoiled = is_spoiling(unload_newcomer(visit, helper, names[i]));
			done[i] = progress = 1;
		}
	} while (progress && !spoiled);
	/* Told that they are in use. */
	for (i = 0; i < count && !spoiled; i++)
		if (!done[i])
			spoiled = is_spoiling(unload_newcomer(visit, helper, names[i]));
	return spoiled;
}
