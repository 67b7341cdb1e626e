// SPDX-License-Identifier: GPL-2.0-only
/* The trace of a trial: read from its instance, sent to the host through a port of its own. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/guest.h"
#include "record-kinds.h"

#define TRACE_PORT	"/dev/dmrace-trace"
#define CHUNK		(1 << 16)
#define MOST_CPUS	8	/* of a guest: model/cpus.ts */

static int write_all(int fd, const char *text, ssize_t size)
{
	ssize_t written;

	while (size > 0) {
		written = write(fd, text, size);
		if (written < 0)
			return -1;
		text += written;
		size -= written;
	}
	return 0;
}

int trace_on(void)
{
	int error = write_file(TRACE "/tracing_on", "1");

	return error ? record_failure("tracing_on", -error) : 0;
}

/*
 * All that a file of the trace instance has to say now, as text; its size, or -1. The caller frees
 * it. What is read from trace_pipe is taken out of the buffer, what is read from trace stays there.
 */
ssize_t read_trace(const char *path, char **text)
{
	size_t room = 0, total = 0;
	ssize_t size = 0;
	int from = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (from < 0)
		return record_failure("open the trace", errno);
	do {
		total += size;
		if (room - total < CHUNK) {
			char *more = realloc(*text, room + 4 * CHUNK);

			if (!more) {
				close(from);
				return record_failure("keep the trace", ENOMEM);
			}
			*text = more;
			room += 4 * CHUNK;
		}
		size = read(from, *text + total, CHUNK);
	} while (size > 0);
	if (size < 0 && errno != EAGAIN) { /* trace_pipe: nothing more for now */
		close(from);
		return record_failure("read the trace", errno);
	}
	close(from);
	return total;
}

int send_trace(const char *text, ssize_t size)
{
	int to = open(TRACE_PORT, O_WRONLY | O_CLOEXEC);

	if (to < 0)
		return record_failure("open " TRACE_PORT, errno);
	if (write_all(to, text, size)) {
		close(to);
		return record_failure("write " TRACE_PORT, errno);
	}
	close(to);
	return 0;
}

/* Events that the ring buffer lost (kernel/trace/trace.c, tracing_stats_read()); -1: unknown. */
/* Of one processor's buffer; or -errno, -ENOENT where there is no such processor. */
static long long lost_on(int cpu)
{
	static const char *const names[] = { "overrun: ", "dropped events: " };
	char path[96], text[1024];
	const char *at;
	long long lost = 0;
	size_t i;
	int size;

	snprintf(path, sizeof(path), TRACE "/per_cpu/cpu%d/stats", cpu);
	size = read_file(path, text, sizeof(text));
	if (size <= 0)
		return size ? size : -EIO;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		at = strstr(text, names[i]);
		if (at && (at == text || at[-1] == '\n'))
			lost += atoll(at + strlen(names[i]));
	}
	return lost;
}

long long lost_events(void)
{
	long long lost, all = 0;
	int cpu;

	for (cpu = 0; cpu < MOST_CPUS; cpu++) {
		lost = lost_on(cpu);
		if (cpu && lost == -ENOENT)
			break;
		if (lost < 0)
			return record_failure("read the trace's stats", -lost);
		all += lost;
	}
	return all;
}
