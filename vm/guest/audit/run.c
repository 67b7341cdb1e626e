// SPDX-License-Identifier: GPL-2.0-only
/* Commands of an exercise, each with its time. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/audit.h"
#include "audit/dmrace_audit.h"
#include "core/guest.h"
#include "record-kinds.h"

/* A file and no pipe: a server that is left running would keep a pipe open. */
#define OUTPUT		"/tmp/output"
#define OUTPUT_KEPT	240
#define COMMAND_KEPT	160
#define PRIORITY	50
/* One that sleeps for so many looks waits for somebody. */
#define BLOCKED_LOOKS	3

static pid_t groups[2 * COMMANDS];
static int group_count;

int wait_within(pid_t pid, int *status, int ms)
{
	int fd = syscall(SYS_pidfd_open, pid, 0), ready;
	struct pollfd event = { .fd = fd, .events = POLLIN };

	if (fd < 0)
		return record_failure("pidfd_open", errno), -errno;
	do
		ready = poll(&event, 1, ms);
	while (ready < 0 && errno == EINTR);
	close(fd);
	if (!ready)
		return -ETIMEDOUT;
	return wait_child(pid, status);
}

static void become_command(char *const argv[], int fifo)
{
	static char *const environment[] = {
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/tmp", "LC_ALL=C",
		/* There is no udev that would make the nodes of dm (libdevmapper). */
		"DM_DISABLE_UDEV=1", NULL,
	};
	int output = open(OUTPUT, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	int nothing = open("/dev/null", O_RDONLY);

	setpgid(0, 0);
	if (output < 0 || nothing < 0 || dup2(nothing, 0) < 0 || dup2(output, 1) < 0 ||
	    dup2(output, 2) < 0 || chroot(AUDIT_ROOT) || chdir("/tmp"))
		_exit(126);
	/* All but the three: the ports are ours. */
	close_range(3, ~0U, 0);
	if (fifo && become(SCHED_FIFO, PRIORITY))
		_exit(126);
	execve(argv[0], argv, environment);
	dprintf(2, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* The end of what it printed, on one line. */
static void read_output(char *text, size_t size)
{
	int fd = open(OUTPUT, O_RDONLY | O_CLOEXEC);
	ssize_t length = 0;
	off_t end;
	char *at;

	if (fd >= 0) {
		end = lseek(fd, 0, SEEK_END);
		length = pread(fd, text, size - 1, end > (off_t)size ? end - (off_t)size + 1 : 0);
		close(fd);
	}
	text[length > 0 ? length : 0] = '\0';
	for (at = text; *at; at++)
		if (*at < 0x20 || *at >= 0x7f)
			*at = ' ';
}

static void put_plain(char *to, size_t size, const char *from)
{
	size_t i;

	for (i = 0; from[i] && i + 1 < size; i++)
		to[i] = from[i] < 0x20 || from[i] >= 0x7f ? ' ' : from[i];
	to[i] = '\0';
}

static pid_t start(char *const argv[], int fifo)
{
	pid_t pid = fork();

	if (!pid)
		become_command(argv, fifo);
	return pid;
}

pid_t start_shell(char *command, int fifo)
{
	char *const argv[] = { "/bin/sh", "-c", command, NULL };

	return start(argv, fifo);
}

void record_ended(const struct visit *visit, const char *step, const char *shown, int status,
		  int late, long long ms)
{
	char output[OUTPUT_KEPT], command[COMMAND_KEPT];

	read_output(output, sizeof(output));
	put_plain(command, sizeof(command), shown);
	record_step(visit->number, step, command, WIFEXITED(status) ? WEXITSTATUS(status) : -1,
		    WIFSIGNALED(status) ? WTERMSIG(status) : 0, late, ms, output);
}

int blocked_helper = -1;

/*
 * It may wait for what we hold: first for an object of a type of its own, as dm's removal does
 * (dm_sysfs_exit()), then for any. What is held besides is still asked about after the unload.
 */
static int wait_or_drop(const struct visit *visit, const char *step, pid_t pid, int *status)
{
	static const char *const dropped[] = { "own", "all" };
	/* A load may wait for much, but for nothing that was only just added. */
	int may_drop = blocked_helper >= 0 && strcmp(step, "load") && strcmp(step, "need");
	struct sleeper sleeper = { 0 };
	int waited, drops = 0, error;

	for (waited = 0; waited < visit->limit_ms; waited += LOOK_MS) {
		error = wait_within(pid, status, LOOK_MS);
		if (error != -ETIMEDOUT)
			return error;
		if (!may_drop || drops == 2 || look_at(pid, &sleeper) < BLOCKED_LOOKS)
			continue;
		record_blocked(visit->number, step, dropped[drops]);
		if (ioctl(blocked_helper, DMRACE_AUDIT_DROP, drops ? 0UL : 1UL))
			record_failure("DMRACE_AUDIT_DROP", errno);
		drops++;
		sleeper.looks = 0;
	}
	return -ETIMEDOUT;
}

static int run(const struct visit *visit, const char *step, char *const argv[], int fifo,
	       const char *shown)
{
	long long started = now_us();
	int status = 0, late;
	pid_t pid = start(argv, fifo);

	if (pid < 0)
		return record_failure("fork", errno);
	if (group_count < (int)(sizeof(groups) / sizeof(groups[0])))
		groups[group_count++] = pid;
	late = wait_or_drop(visit, step, pid, &status) == -ETIMEDOUT;
	if (late) {
		kill(-pid, SIGKILL);
		/* One that sleeps in the kernel for good is left there. */
		if (wait_within(pid, &status, 2000))
			status = SIGKILL;
	}
	record_ended(visit, step, shown, status, late, (now_us() - started) / 1000);
	return status || late ? 1 : 0;
}

int run_step(const struct visit *visit, const char *step, char *const argv[], int fifo)
{
	char shown[COMMAND_KEPT] = "";
	size_t at = 0;
	int i;

	for (i = 0; argv[i] && at < sizeof(shown); i++)
		at += snprintf(shown + at, sizeof(shown) - at, "%s%s", i ? " " : "", argv[i]);
	return run(visit, step, argv, fifo, shown);
}

int run_shell(const struct visit *visit, const char *step, char *command, int fifo)
{
	char *const argv[] = { "/bin/sh", "-c", command, NULL };

	return run(visit, step, argv, fifo, command);
}

void end_groups(void)
{
	int status;

	while (group_count)
		kill(-groups[--group_count], SIGKILL);
	while (waitpid(-1, &status, WNOHANG) > 0)
		;
}
