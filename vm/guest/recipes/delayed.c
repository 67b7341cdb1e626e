// SPDX-License-Identifier: GPL-2.0-only
/*
 * delayed - remove the object, unload the module, wait until the kernel has released the object
 *
 * Nobody holds anything here: CONFIG_DEBUG_KOBJECT_RELEASE puts the release off by itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/guest.h"
#include "record-kinds.h"
#include "recipes/recipe.h"

/* Its events wake this program; vm/init creates it. */
#define TRACE_RELEASE	INSTANCES "dmrace-release"

/*
 * lib/kobject.c, kobject_release(): at most 4 s for one kobject. An object is put last by its
 * children, such as a disk by its queue and the elevator below it, whose releases are put off too:
 * 12 s.
 */
#define RELEASE_MS	30000
/* And this long for the worker to come back from the release, or to die in it. */
#define RETURN_MS	5000

/* The release as the trace's lines tell it. */
struct release {
	char event[40];		/* the probe's name as it stands in a line */
	char argument[64];	/* the object's name as the probe prints it */
	long pid;		/* of the process that entered the release; 0: nobody yet */
	int over;		/* it has returned from there, or a worker died */
};

/* "   kworker/0:1-45    [000] d..1.  3.891322: event: ...": the number before the bracket. */
static long line_pid(const char *line)
{
	const char *at = strstr(line, " [");

	if (!at)
		return 0;
	while (at > line && at[-1] == ' ')
		at--;
	while (at > line && at[-1] >= '0' && at[-1] <= '9')
		at--;
	return strtol(at, NULL, 10);
}

/*
 * A worker of a pool, not a workqueue's rescuer, which ends with its workqueue: that of a removed dm
 * device has such a name, too (v6.12, kernel/workqueue.c, format_worker_id(): "kworker/R-%s").
 */
static int is_worker_exit(const char *line)
{
	static const char exit[] = ": sched_process_exit: comm=kworker/";
	const char *at = strstr(line, exit);

	return at && strncmp(at + sizeof(exit) - 1, "R-", 2);
}

static void take_line(struct release *release, const char *line)
{
	if (!release->pid) {
		if (strstr(line, release->event) && strstr(line, release->argument))
			release->pid = line_pid(line);
		/* What the object held may be released before it, into text that is gone. */
		else if (is_worker_exit(line))
			release->over = 1;
	} else if (line_pid(line) == release->pid &&
		   (strstr(line, ": workqueue_execute_end: ") ||
		    strstr(line, ": sched_process_exit: "))) {
		release->over = 1;
	}
}

/* What is there to be read now, line by line; half a line stays for the next time. */
static int take_lines(struct release *release, int events, char *text, size_t size, size_t *kept)
{
	ssize_t length = read(events, text + *kept, size - 1 - *kept);
	char *line = text, *end;

	if (length < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	*kept += length;
	text[*kept] = '\0';
	while ((end = strchr(line, '\n'))) {
		*end = '\0';
		take_line(release, line);
		line = end + 1;
	}
	*kept -= line - text;
	memmove(text, line, *kept);
	return *kept < size - 1 ? 0 : -EMSGSIZE;
}

static int await_release(struct release *release, int events)
{
	long long until = now_us() + RELEASE_MS * 1000LL;
	struct pollfd event = { .fd = events, .events = POLLIN };
	char text[8192];
	size_t kept = 0;

	while (!release->over) {
		int entered = release->pid != 0, error;
		long long left = until - now_us();

		if (left <= 0)
			return 0; /* the record tells what was seen */
		if (poll(&event, 1, left / 1000 + 1) < 0 && errno != EINTR)
			return record_failure("wait for the release", errno);
		error = take_lines(release, events, text, sizeof(text), &kept);
		if (error)
			return record_failure("read the trace_pipe of the release", -error);
		if (!entered && release->pid)
			until = now_us() + RETURN_MS * 1000LL;
	}
	return 0;
}

static int remove_object(const struct suspect *suspect)
{
	pid_t pid = start_held(suspect->remover, suspect->remover_words, suspect->control);
	int status, error;

	if (pid < 0)
		return -1;
	if (record_party("remover", getpid()) || record_party(suspect->remover_party, pid) ||
	    let_go(pid))
		return -1;
	error = wait_child(pid, &status);
	return error ? record_failure("wait for the removal", -error) :
		       record_removed(pid, status, now_us());
}

static int unload(const char *module)
{
	int refcount = module_refcount(module);
	long long start = now_us();
	int error = -unload_module(module);

	return record_unload(getpid(), module, error, refcount, start, now_us(), 0) |
	       (error ? -1 : 0);
}

/* @events tells this program when it is over; the evidence is in an instance of its own. */
static int watch(const struct trial *trial, const struct suspect *suspect,
		 const struct object *object, struct release *release, int events)
{
	long long removed;

	if (trace_on() || remove_object(suspect))
		return -1;
	removed = now_us();
	/* The release may be the last thing that this kernel does: recipes/remover.c says when. */
	if (unload(suspect->module) || send_window(trial->nonce) || await_release(release, events))
		return -1;
	return record_cleanup(object->name, release->pid != 0, release->pid, now_us() - removed);
}

int delayed(const struct trial *trial, const struct suspect *suspect)
{
	struct release release = { .pid = 0 };
	struct object object;
	int events, error;

	/*
	 * A restored VM has the random numbers of the saved one, and they decide the delays. Only
	 * here: a race is to depend on nothing but its seed.
	 */
	if (reseed(trial->nonce, trial->seed) || suspect->make(&object))
		return -1;
	snprintf(release.event, sizeof(release.event), ": %s: ", suspect->release_event);
	snprintf(release.argument, sizeof(release.argument), "name=\"%s\"", object.name);

	events = open(TRACE_RELEASE "/trace_pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (events < 0)
		return record_failure("open the trace_pipe of the release", errno);
	error = watch(trial, suspect, &object, &release, events);
	close(events);
	return error;
}
