// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gate of a sweep, SCHED_FIFO above everybody: lets the holder run at one chosen block of the
 * remover instead of after the unload.
 *
 * Every time the remover blocks, the trace wakes the gate before anybody else can run for long.
 * At the block asked for it raises the holder above the kernel threads: the holder then runs
 * before those that the remover waits for, however short the wait would have been.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "core/guest.h"
#include "recipes/party.h"

/* How many lines of @text are context switches: the event's filter passes the remover's only. */
static int count_blocks(const char *text, ssize_t size)
{
	static const char name[] = "sched_switch:";
	int blocks = 0;
	const char *at = text;

	while ((at = memmem(at, size - (at - text), name, sizeof(name) - 1))) {
		blocks++;
		at += sizeof(name) - 1;
	}
	return blocks;
}

static int open_for_holder(struct race *race)
{
	struct sched_param parameter = { .sched_priority = OPENED_PRIORITY };

	if (sched_setscheduler(race->holder, SCHED_FIFO, &parameter))
		return record_failure("let the holder run", errno);
	race->opened = 1;
	return 0;
}

int gate(struct race *race)
{
	struct pollfd watched[2] = { { .events = POLLIN }, { .events = POLLIN } };
	char text[4096];
	ssize_t size;
	int error = become(SCHED_FIFO, READER_PRIORITY);

	if (error)
		return record_failure("SCHED_FIFO for the gate", -error), 1;
	watched[0].fd = open(TRACE_GATE "/trace_pipe", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	watched[1].fd = race->unloaded[0];
	if (watched[0].fd < 0)
		return record_failure("open the gate's trace_pipe", errno), 1;
	if (send_byte(race->ready[1]))
		return 1;

	for (;;) {
		int ready = poll(watched, 2, DEADLINE_MS);

		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return record_failure("wait for the remover to block",
					      ready ? errno : ETIMEDOUT), 1;
		size = read(watched[0].fd, text, sizeof(text));
		if (size < 0 && errno != EAGAIN)
			return record_failure("read the gate's trace_pipe", errno), 1;
		if (size > 0)
			race->blocks += count_blocks(text, size);
		else if (watched[1].revents)
			return 0;
		if (!race->opened && race->blocks >= race->trial.yield_after && open_for_holder(race))
			return 1;
	}
}
