// SPDX-License-Identifier: GPL-2.0-only
/* Events between processes, each with a deadline. */
#include <errno.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/guest.h"

int deadline_ms = 20000;

int wait_readable(int fd)
{
	struct pollfd event = { .fd = fd, .events = POLLIN };
	int ready;

	do
		ready = poll(&event, 1, DEADLINE_MS);
	while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return -errno;
	return ready ? 0 : -ETIMEDOUT;
}

/* The end of the file counts as the byte: the other side is gone and nothing else will come. */
int wait_byte(int pipe_end)
{
	int error = wait_readable(pipe_end);
	char byte;

	if (error)
		return error;
	return read(pipe_end, &byte, 1) < 0 ? -errno : 0;
}

int send_byte(int pipe_end)
{
	return write(pipe_end, "", 1) == 1 ? 0 : record_failure("tell another process", errno);
}

int wait_child(pid_t pid, int *status)
{
	while (waitpid(pid, status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}
