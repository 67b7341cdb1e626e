// SPDX-License-Identifier: GPL-2.0-only
/*
 * release-return - a release method that has woken the unloader returns after the unload: the ten
 * steps of docs/how-the-race-works.md, once. A sweep is the same with a gate, by which the holder
 * goes on earlier, at a chosen block of the removal.
 *
 * Everything is reported in records. The trace that proves steps 1 to 9 is sent by the remover
 * before the holder may go on, what comes after that by close.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/guest.h"
#include "record-kinds.h"
#include "recipes/party.h"
#include "recipes/recipe.h"

/*
 * Its kobject is the parent of the one that is raced for; holding it keeps what the parent's own
 * release does, another bug maybe, out of a trial that asks about the first.
 */
static int pin_parent(const struct object *object)
{
	struct dmrace_hold held;
	char kobject[24];

	if (hold_kobject(HELPER_FD, object->parent, &held))
		return -1;
	snprintf(kobject, sizeof(kobject), "%llx", (unsigned long long)held.kobject);
	return record_pin(object->parent, kobject, held.refcount);
}

/* The seed moves the race against the timer tick, by up to one jiffy of 4 ms. */
static void dephase(unsigned long seed)
{
	long long until = now_us() + (seed * 2654435761UL >> 7) % 4000;

	while (now_us() < until)
		;
}

/*
 * All parties on one processor, whatever the guest has: who is preempted there by whom is the race.
 * The kernel threads that the remover waits for may run elsewhere.
 */
static int stay_on_first(void)
{
	cpu_set_t first;

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	return sched_setaffinity(0, sizeof(first), &first) ?
		       record_failure("stay on CPU 0", errno) : 0;
}

static int start(pid_t *pid, int (*party)(struct race *), struct race *race)
{
	pid_t child = fork(); /* not *pid: the child shares that memory and would clear it */

	if (child < 0)
		return record_failure("fork", errno);
	if (!child) {
		int status;

		/* The standard output is serve's answer to the shell, which waits for its last writer. */
		status = dup2(STDERR_FILENO, STDOUT_FILENO) < 0 ?
				 record_failure("dup2", errno) :
			 stay_on_first() ? 1 : party(race);

		if (status) { /* nobody shall wait out a deadline for a party that is gone */
			race->failed = 1;
			send_byte(race->held[1]);
			send_byte(race->ready[1]);
		}
		_exit(status);
	}
	*pid = child;
	return 0;
}

static int await(struct race *race, int pipe_end)
{
	int error = wait_byte(pipe_end);

	if (error)
		return record_failure("wait for a party to be ready", -error);
	return race->failed ? -1 : 0;
}

static int filter(const char *event, const char *format, long long a, long long b)
{
	char path[128], text[128];
	int error;

	snprintf(path, sizeof(path), "%s/filter", event);
	snprintf(text, sizeof(text), format, a, b);
	error = write_file(path, "%s", text);
	return error ? record_failure(path, -error) : 0;
}

/* What may be recorded once the holder is known, before it takes its reference. */
static int trace_holder(struct race *race)
{
	char trigger[64];
	int error;

	snprintf(trigger, sizeof(trigger), "stacktrace if prev_pid == %d", race->holder);
	error = write_file(TRACE "/events/sched/sched_switch/trigger", "%s", trigger);
	if (error)
		return record_failure("stack trace of the holder", -error);
	return filter(TRACE "/events/dmrace/complete", "common_pid == %lld", race->holder, 0) ||
	       trace_on();
}

/*
 * A sweep: the gate's event, and where the remover blocks. A block is a switch in state S, D or I
 * (bits 1, 2 and 0x80 of prev_state, include/trace/events/sched.h); preemption and exit are none.
 */
static int trace_blocks(struct race *race)
{
	char trigger[128];
	int error;

	snprintf(trigger, sizeof(trigger),
		 "stacktrace if prev_pid == %d || prev_pid == %d || prev_pid == %d", race->holder,
		 race->removal, race->remover);
	error = write_file(TRACE "/events/sched/sched_switch/trigger", "!stacktrace");
	if (!error)
		error = write_file(TRACE "/events/sched/sched_switch/trigger", "%s", trigger);
	if (error)
		return record_failure("stack trace of the remover", -error);
	return filter(TRACE_GATE "/events/sched/sched_switch",
		      "prev_state & 0x83 && (prev_pid == %lld || prev_pid == %lld)", race->removal,
		      race->remover);
}

/* And what needs the remover's pid and the kobject's address. */
static int trace_remover(struct race *race)
{
	static const char *const calls[] = {
		TRACE "/events/syscalls/sys_enter_ioctl", TRACE "/events/syscalls/sys_exit_ioctl",
	};
	size_t i;
	int error;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (filter(calls[i], "common_pid == %lld || common_pid == %lld", race->holder,
			   race->removal))
			return -1;
	if (filter(TRACE "/events/dmrace/wait_for_completion",
		   "common_pid == %lld && completion == 0x%llx", race->removal, race->completion) ||
	    filter(TRACE_HOLDER "/events/dmrace/wait_for_completion",
		   "common_pid == %lld && completion == 0x%llx", race->removal, race->completion) ||
	    filter(TRACE_LOAD "/events/sched/sched_waking", "common_pid == %lld && pid == %lld",
		   race->holder, race->removal))
		return -1;
	if (race->gate && trace_blocks(race))
		return -1;
	/* kthreadd is pid 2 and the parent of every kernel thread (init/main.c, rest_init()). */
	if (filter(TRACE_BIRTHS "/events/sched/sched_process_fork", "parent_pid == 2", 0, 0))
		return -1;
	error = write_file(TRACE_BIRTHS "/events/sched/sched_process_fork/enable", "1");
	if (error)
		return record_failure("enable the event of births", -error);

	/* Enabled before it is filtered, it would wake the holder for anybody's completion. */
	error = write_file(TRACE_HOLDER "/events/dmrace/wait_for_completion/enable", "1");
	return error ? record_failure("enable the holder's event", -error) : 0;
}

/* The signal that a child has ended, alone. */
static sigset_t end_of_child(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	return signals;
}

/* Until every child is gone or the deadline is over. SIGCHLD is blocked, so none is missed. */
static int reap(struct race *race)
{
	const sigset_t children = end_of_child();
	const struct timespec deadline = { .tv_sec = DEADLINE_MS / 1000 };
	int left = race->gate ? 4 : 3, status, error = 0;
	pid_t pid;

	while (left) {
		pid = waitpid(-1, &status, WNOHANG);
		if (pid < 0)
			return record_failure("waitpid", errno);
		if (!pid) {
			if (sigtimedwait(&children, NULL, &deadline) < 0 && errno != EINTR)
				return record_failure("wait for the parties to end", errno);
			continue;
		}
		left--;
		error |= record_exit(pid == race->holder ? "holder" :
				     pid == race->load ? "load" :
				     pid == race->gate ? "gate" : "remover", pid,
				     WIFEXITED(status) ? WEXITSTATUS(status) : -1,
				     WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	}
	return error;
}

static int report(const struct race *race)
{
	return record_dropped(race->holder, race->drop_us, race->returned_us) |
	       record_spun(race->load, race->spin_us, race->spun_us,
			   race->trial.yield_after, race->blocks, race->gave_up);
}

/*
 * vm/init has the kernel expedite its grace periods, so that a trial is short. A sweep asks where
 * the remover waits, of the kernel as it is. Absent with CONFIG_TINY_RCU.
 */
static int wait_as_usual(void)
{
	static const char path[] = "/sys/kernel/rcu_expedited";
	int error = write_file(path, "0");

	if (error == -ENOENT)
		return 0;
	return error ? record_failure(path, -error) : record_setup(path, "0");
}

/* What a trial is conducted with, once for the life of the VM. */
static struct race *prepared;

/*
 * The remover, with its program started already, before anybody knows what the trial will ask for:
 * a saved guest has this behind it.
 */
int race_prepare(const struct suspect *suspect)
{
	const sigset_t children = end_of_child();
	struct race *race;

	if (prepared)
		return 0;
	race = mmap(NULL, sizeof(*race), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (race == MAP_FAILED)
		return record_failure("mmap", errno);
	race->suspect = suspect;
	if (sigprocmask(SIG_BLOCK, &children, NULL))
		return record_failure("sigprocmask", errno);
	if (pipe2(race->hold, O_CLOEXEC) || pipe2(race->held, O_CLOEXEC) ||
	    pipe2(race->ready, O_CLOEXEC) || pipe2(race->remove, O_CLOEXEC) ||
	    pipe2(race->unloaded, O_CLOEXEC))
		return record_failure("pipe", errno);
	if (start(&race->remover, remover, race) || await(race, race->ready[0]))
		return -1;
	prepared = race;
	return 0;
}

static int conduct(struct race *race)
{
	const int gated = race->trial.yield_after != 0;

	if ((race->trial.pin && pin_parent(&race->object)) || (gated && wait_as_usual()))
		return -1;
	dephase(race->trial.seed);

	/* Step 1. */
	if (start(&race->holder, holder, race) || trace_holder(race) ||
	    send_byte(race->hold[1]) || await(race, race->held[0]))
		return -1;

	if (gated && (start(&race->gate, gate, race) || await(race, race->ready[0])))
		return -1;
	if (start(&race->load, load, race) || await(race, race->ready[0]) ||
	    trace_remover(race))
		return -1;
	if (record_party("holder", race->holder) || record_party("load", race->load) ||
	    record_party("remover", race->remover) ||
	    record_party(race->suspect->remover_party, race->removal))
		return -1;

	/* Steps 2 to 10, without another word from here. */
	if (send_byte(race->remove[1]))
		return -1;
	return reap(race) | report(race);
}

static int run(const struct trial *trial, const struct suspect *suspect)
{
	struct object object;

	if (suspect->make(&object) || race_prepare(suspect))
		return -1;
	/*
	 * Threads that came with the object, such as the rescuer of its workqueue: its removal waits
	 * until they have ended, so they must outrank the load as well.
	 */
	if (raise_kthreads())
		return -1;
	prepared->trial = *trial;
	prepared->object = object;
	return conduct(prepared);
}

int release_return(const struct trial *trial, const struct suspect *suspect)
{
	if (trial->yield_after)
		return record_failure("release-return: yield-after is a sweep's", EINVAL);
	return run(trial, suspect);
}

int sweep(const struct trial *trial, const struct suspect *suspect)
{
	if (!trial->yield_after)
		return record_failure("sweep: no yield-after", EINVAL);
	return run(trial, suspect);
}
