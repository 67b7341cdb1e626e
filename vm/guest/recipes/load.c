// SPDX-License-Identifier: GPL-2.0-only
/*
 * The load, SCHED_FIFO below the kernel threads and above the holder: what a system does that is
 * busy with more important work.
 *
 * It sleeps until step 6, then keeps the CPU whenever the remover sleeps, so that the holder
 * stays where step 7 left it until the module is gone.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "core/guest.h"
#include "recipes/party.h"

/* Longer than any unload; the parties that wait for this one have their deadline later. */
#define SPIN_MS	(DEADLINE_MS / 4)

/* Returns when the module is gone, or at the deadline. */
static void spin(struct race *race)
{
	while (!race->unload_done) {
		if (now_us() - race->spin_us > SPIN_MS * 1000LL) {
			race->gave_up = 1;
			return;
		}
	}
}

int load(struct race *race)
{
	char text[4096];
	int events, error;

	error = become(SCHED_FIFO, LOAD_PRIORITY);
	if (error)
		return record_failure("SCHED_FIFO for the load", -error), 1;
	events = open(TRACE_LOAD "/trace_pipe", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (events < 0)
		return record_failure("open the load's trace_pipe", errno), 1;
	if (send_byte(race->ready[1]))
		return 1;

	error = wait_readable(events); /* step 6: the holder wakes the remover */
	race->spin_us = now_us();
	if (error)
		return record_failure("wait for step 6", -error), 1;
	if (read(events, text, sizeof(text)) < 0 && errno != EAGAIN)
		return record_failure("read the load's trace_pipe", errno), 1;

	spin(race);
	race->spun_us = now_us();
	return 0;
}
