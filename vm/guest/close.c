// SPDX-License-Identifier: GPL-2.0-only
/*
 * close NONCE - the last words of a trial: the closing record, a mark on the console, its trace
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"
#include "record-kinds.h"

#define TRACE_PORT	"/dev/dmrace-trace"

/*
 * What the race set off and nobody waits for, such as work behind an RCU grace period (some jiffies
 * of 4 ms on one CPU), gets this long to crash before the mark says that nothing more will come.
 */
#define GRACE_US	30000
#define CHUNK		(1 << 16)

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

/* The trace as text; its size, or -1. The caller frees it. */
static ssize_t read_trace(char **text)
{
	size_t room = 0, total = 0;
	ssize_t size = 0;
	int from = open(TRACE "/trace", O_RDONLY | O_CLOEXEC);

	if (from < 0)
		return record_failure("open the trace", errno);
	do {
		total += size;
		if (room - total < CHUNK) {
			char *more = realloc(*text, room + 4 * CHUNK);

			if (!more)
				return record_failure("keep the trace", ENOMEM);
			*text = more;
			room += 4 * CHUNK;
		}
		size = read(from, *text + total, CHUNK);
	} while (size > 0);
	if (size < 0)
		return record_failure("read the trace", errno);
	close(from);
	return total;
}

static int send_trace(const char *text, ssize_t size)
{
	int to = open(TRACE_PORT, O_WRONLY | O_CLOEXEC);

	if (to < 0)
		return record_failure("open " TRACE_PORT, errno);
	if (write_all(to, text, size))
		return record_failure("write " TRACE_PORT, errno);
	close(to);
	return 0;
}

/* Events that the ring buffer lost (kernel/trace/trace.c, tracing_stats_read()); -1: unknown. */
static long long lost_events(void)
{
	static const char *const names[] = { "overrun: ", "dropped events: " };
	char text[1024];
	const char *at;
	long long lost = 0;
	size_t i;

	/* One vCPU is part of the recipe: there is one buffer. */
	if (read_file(TRACE "/per_cpu/cpu0/stats", text, sizeof(text)) <= 0)
		return record_failure("read the trace's stats", EIO);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		at = strstr(text, names[i]);
		if (at && (at == text || at[-1] == '\n'))
			lost += atoll(at + strlen(names[i]));
	}
	return lost;
}

int close_main(int argc, char **argv)
{
	char *trace = NULL;
	ssize_t bytes;
	long long lost;
	int error;

	if (argc != 2)
		return record_failure("close: one nonce", EINVAL), 2;
	error = write_file(TRACE "/tracing_on", "0");
	if (error)
		record_failure("stop tracing", -error);
	bytes = read_trace(&trace);
	lost = lost_events();
	usleep(GRACE_US);
	error = record_closing(argv[1], bytes < 0 ? 0 : bytes, lost < 0 ? 0 : lost);

	/*
	 * Through the kernel's log, which is printed in order: when the host reads this, it has read
	 * all that the kernel logged before. KERN_ALERT, so that no loglevel keeps it back.
	 */
	if (write_file("/dev/kmsg", "<1>dmrace: closed %s\n", argv[1]))
		error = record_failure("write /dev/kmsg", EIO);
	/*
	 * After all else: the host reads it as slowly as it likes, and no time that the guest reports
	 * depends on that. The closing record says how long it is.
	 */
	if (bytes > 0 && send_trace(trace, bytes))
		error = -1;
	free(trace);
	return error ? 1 : 0;
}
