// SPDX-License-Identifier: GPL-2.0-only
/* What the audit's module has noted, and the proof of it. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "audit/audit.h"
#include "audit/dmrace_audit.h"
#include "core/guest.h"
#include "record-kinds.h"

/* What one visit can find; more of the same is the same. */
#define FOUND		64
#define PROOF_MS	5000
/* RCU calls a callback within some grace periods. */
#define TRIES		60
#define PAUSE_NS	50000000L
#define CRASH_S		5

static const char *const kinds[] = {
	[DMRACE_OBJECT] = "object", [DMRACE_RCU] = "rcu-callback", [DMRACE_TIMER] = "timer",
	[DMRACE_HRTIMER] = "timer", [DMRACE_WORK] = "work", [DMRACE_THREAD] = "thread",
};

static const char *const faults[] = {
	[DMRACE_CLASS_RELEASE] = "class-release",
	[DMRACE_BUS_RELEASE] = "bus-release",
	[DMRACE_DISK_FOPS] = "disk-fops",
	[DMRACE_DEVICE_TYPE] = "device-type",
	[DMRACE_DEVICE_CLASS] = "device-class",
	[DMRACE_DEVICE_RELEASE] = "device-release",
	[DMRACE_KTYPE] = "ktype",
	[DMRACE_OBJECT_IN_MODULE] = "object-in-module",
	[DMRACE_FREED] = "freed-under-reference",
	[DMRACE_PENDING] = "pending",
};

/* Told twice: a thread is there before the destroy, and an RCU callback is queued by it. */
int report_seen(const struct visit *visit, int helper, int again)
{
	static int object, callback;
	struct dmrace_audit_seen seen;
	struct dmrace_audit_thing thing;

	if (!again) {
		object = *visit->object ? 0 : -1;
		callback = *visit->callback ? 0 : -1;
	}
	if (ioctl(helper, DMRACE_AUDIT_SEEN, &seen))
		return record_failure("DMRACE_AUDIT_SEEN", errno);
	for (thing.index = 0; object == 0 || callback == 0; thing.index++) {
		if (ioctl(helper, DMRACE_AUDIT_THING, &thing))
			break;
		if (thing.kind == DMRACE_OBJECT)
			object = object == 0 && strstr(thing.what, visit->object) ? 1 : object;
		else
			callback = callback == 0 && strstr(thing.what, visit->callback) ? 1 : callback;
	}
	return record_seen(visit->number, seen.objects, seen.callbacks + seen.threads, seen.lost,
			   object, callback);
}

/* In a process of its own: it is the one that crashes. Returns whether it did not end by itself. */
static int prove(const struct visit *visit, int helper, unsigned int index)
{
	struct timespec pause = { .tv_nsec = PAUSE_NS };
	long long started = now_us();
	int status = 0, late, tries;
	pid_t pid;

	mark("proof %lld %u", visit->number, index);
	pid = fork();
	if (pid < 0)
		return record_failure("fork", errno);
	if (!pid) {
		for (tries = 0; tries < TRIES; tries++) {
			if (!ioctl(helper, DMRACE_AUDIT_PROVE, (unsigned long)index))
				_exit(0);
			if (errno != EAGAIN)
				break;
			nanosleep(&pause, NULL);
		}
		_exit(errno);
	}
	late = wait_within(pid, &status, PROOF_MS) == -ETIMEDOUT;
	if (late)
		kill(pid, SIGKILL);
	mark("proved %lld %u", visit->number, index);
	record_proof(visit->number, index, WIFEXITED(status) ? WEXITSTATUS(status) : 0,
		     WIFEXITED(status) ? WEXITSTATUS(status) : -1,
		     WIFSIGNALED(status) ? WTERMSIG(status) : 0, late, (now_us() - started) / 1000);
	return late;
}

/* One of each: the same address found again says the same. */
static int is_new(const struct dmrace_audit_thing *found, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (found[i].fault == found[count].fault && found[i].kind == found[count].kind &&
		    found[i].address == found[count].address && found[i].blocked == found[count].blocked)
			return 0;
	return 1;
}

/*
 * A timer or work whose own memory is gone lies in the kernel's lists: the guest is of no use any more,
 * and what comes by itself is the proof.
 */
static int await_crash(const struct dmrace_audit_thing *found, unsigned int count)
{
	struct timespec pause = { .tv_sec = CRASH_S };
	unsigned int i;

	for (i = 0; i < count; i++) {
		if (found[i].fault == DMRACE_PENDING && found[i].blocked) {
			nanosleep(&pause, NULL);
			return 1;
		}
	}
	return 0;
}

/*
 * What is still queued, or runs, comes to its function some time, where another module may be by then.
 * Not RCU's: our module never calls one whose function is gone.
 */
static int is_left(int helper)
{
	struct dmrace_audit_thing thing;

	for (thing.index = 0; !ioctl(helper, DMRACE_AUDIT_THING, &thing); thing.index++)
		if (thing.fault == DMRACE_PENDING && thing.kind != DMRACE_RCU)
			return 1;
	return 0;
}

int report_outliving(const struct visit *visit, int helper)
{
	static struct dmrace_audit_thing found[FOUND + 1];
	unsigned int count = 0, index, i;
	char object[20], address[20];
	int proofs = 0, last = visit->prove_from + visit->prove, spoiled = 0;

	for (index = 0; count < FOUND; index++) {
		struct dmrace_audit_thing *thing = &found[count];

		thing->index = index;
		if (ioctl(helper, DMRACE_AUDIT_THING, thing))
			break;
		if (thing->fault == DMRACE_NOTHING || !is_new(found, count))
			continue;
		snprintf(object, sizeof(object), "%llx", (unsigned long long)thing->object);
		snprintf(address, sizeof(address), "%llx", (unsigned long long)thing->address);
		record_outlives(visit->number, index, kinds[thing->kind], faults[thing->fault],
				thing->blocked, object, address, thing->what);
		count++;
	}
	for (i = 0; i < count && proofs < last && !spoiled; i++) {
		if (found[i].blocked || proofs++ < visit->prove_from)
			continue;
		spoiled = prove(visit, helper, found[i].index);
	}
	if (await_crash(found, count) || spoiled)
		return 1;
	return is_left(helper);
}
