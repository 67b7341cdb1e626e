// SPDX-License-Identifier: GPL-2.0-only
/*
 * delayed - remove the device, unload dm_mod, wait until the kernel has released the disk
 *
 *	delayed device=NAME disk=dm-N
 *
 * Nobody holds anything here: CONFIG_DEBUG_KOBJECT_RELEASE puts the release off by itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "record-kinds.h"

/*
 * lib/kobject.c, kobject_release(): at most 4 s for one kobject. The disk is put last by its
 * children (the queue, and the elevator below it), whose releases are put off too: 12 s.
 */
#define RELEASE_MS	30000
/* And this long for the worker to come back from disk_release(), or to die in it. */
#define RETURN_MS	5000

/* The release of the disk as the trace's lines tell it. */
struct release {
	char name[40];	/* as the probe prints it: name="dm-0" */
	long pid;	/* of the process that entered disk_release(); 0: nobody yet */
	int over;	/* it has returned from there, or died */
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

static void take_line(struct release *release, const char *line)
{
	if (!release->pid) {
		if (strstr(line, ": disk_release: ") && strstr(line, release->name))
			release->pid = line_pid(line);
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
			return record_failure("wait for the release of the disk", errno);
		error = take_lines(release, events, text, sizeof(text), &kept);
		if (error)
			return record_failure("read the trace_pipe of the release", -error);
		if (!entered && release->pid)
			until = now_us() + RETURN_MS * 1000LL;
	}
	return 0;
}

/* The child waits for the end of the pipe before exec(), so that its pid is on record first. */
static pid_t start_dmsetup(const char *device, int go[2])
{
	pid_t pid = fork();
	char byte;

	if (pid)
		return pid;
	close(go[1]);
	if (read(go[0], &byte, 1) < 0)
		_exit(126);
	execl("/sbin/dmsetup", "dmsetup", "remove", "--noudevsync", device, (char *)NULL);
	_exit(127);
}

static int remove_device(const char *device)
{
	int go[2], status, error;
	pid_t pid;

	if (pipe2(go, O_CLOEXEC))
		return record_failure("pipe", errno);
	pid = start_dmsetup(device, go);
	if (pid < 0)
		return record_failure("fork dmsetup", errno);
	error = record_party("remover", getpid()) | record_party("dmsetup", pid);
	close(go[0]);
	close(go[1]);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return record_failure("wait for dmsetup", errno);
	return error | record_removed(pid, status, now_us());
}

static int unload(void)
{
	char text[16];
	int refcount = read_file("/sys/module/dm_mod/refcnt", text, sizeof(text)) > 0 ?
			       atoi(text) : -1;
	long long start = now_us();
	int error = syscall(SYS_delete_module, "dm_mod", O_NONBLOCK) ? errno : 0;

	return record_unload(getpid(), "dm_mod", error, refcount, start, now_us(), 0) |
	       (error ? -1 : 0);
}

int delayed_main(int argc, char **argv)
{
	const char *device = NULL, *disk = NULL;
	struct release release = { .pid = 0 };
	long long removed;
	int events, error, i;

	for (i = 1; i < argc; i++) {
		if (!strncmp(argv[i], "device=", 7))
			device = argv[i] + 7;
		else if (!strncmp(argv[i], "disk=", 5))
			disk = argv[i] + 5;
		else
			return record_failure(argv[i], EINVAL), 2;
	}
	if (!device || !disk)
		return record_failure("delayed: missing option", EINVAL), 2;
	snprintf(release.name, sizeof(release.name), "name=\"%s\"", disk);

	events = open(TRACE_RELEASE "/trace_pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (events < 0)
		return record_failure("open the trace_pipe of the release", errno), 1;
	error = write_file(TRACE "/tracing_on", "1");
	if (error)
		return record_failure("tracing_on", -error), 1;

	if (remove_device(device))
		return 1;
	removed = now_us();
	if (unload() || await_release(&release, events))
		return 1;
	return record_cleanup(disk, release.pid != 0, release.pid, now_us() - removed) ? 1 : 0;
}
