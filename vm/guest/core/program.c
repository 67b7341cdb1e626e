// SPDX-License-Identifier: GPL-2.0-only
/*
 * Starts a program and holds it before it does what it is for.
 *
 * Its start and its dynamic linking are a quarter of all the code that a trial of the race needs,
 * and have nothing to do with the race.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/guest.h"

/* Whether @pid, which is stopped at a system call, is about to open @file. */
static int opens(pid_t pid, const char *file)
{
	char path[32], text[128], name[128];
	size_t size = strlen(file) + 1;
	unsigned long long address;
	long number;
	int memory, right;

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid); /* its number, then its arguments */
	if (size > sizeof(name) || read_file(path, text, sizeof(text)) <= 0 ||
	    sscanf(text, "%ld %*x %llx", &number, &address) != 2 || number != SYS_openat)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	memory = open(path, O_RDONLY | O_CLOEXEC);
	if (memory < 0)
		return 0;
	right = pread(memory, name, size, address) == (ssize_t)size && !memcmp(name, file, size);
	close(memory);
	return right;
}

static int hold(pid_t pid, const char *file)
{
	int status;

	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
		if (opens(pid, file))
			return 0;
		if (ptrace(PTRACE_SYSCALL, pid, NULL, NULL))
			return record_failure("PTRACE_SYSCALL", errno);
	}
	return record_failure("hold a program: it is gone", ESRCH);
}

/* Held where it is about to open @file. It inherits the caller's scheduling policy. */
pid_t start_held(const char *path, char *const argv[], const char *file)
{
	pid_t pid = fork();

	if (pid < 0)
		return record_failure("fork", errno);
	if (!pid) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			_exit(126);
		execv(path, argv);
		_exit(127);
	}
	return hold(pid, file) ? -1 : pid;
}

/* What follows is the program's own, untraced. */
int let_go(pid_t pid)
{
	return ptrace(PTRACE_DETACH, pid, NULL, NULL) ?
		       record_failure("PTRACE_DETACH", errno) : 0;
}
