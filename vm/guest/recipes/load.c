// SPDX-License-Identifier: GPL-2.0-only
/*
 * The load, SCHED_FIFO below the kernel threads and above the holder: what a system does that is
 * busy with more important work.
 *
 * It sleeps until step 6, then keeps the CPU whenever the remover sleeps, so that the holder
 * stays where step 7 left it until the module is gone. Kernel threads that are born meanwhile are
 * raised above it, as all others were: the remover may wait for them too.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/guest.h"
#include "recipes/party.h"

/* Longer than any unload; the parties that wait for this one have their deadline later. */
#define SPIN_MS	(DEADLINE_MS / 4)

/* How often born threads are looked at, and how many of them there is room for. */
#define LOOK_US		1000
#define BORN		32

/* Kernel threads that were born since all were raised. */
struct births {
	int events;
	pid_t born[BORN];
	int count;
};

/* What read() says, or -errno; nobody waits meanwhile for a lock that this process has. */
static ssize_t read_unpreempted(int fd, char *text, size_t room)
{
	int error = become(SCHED_FIFO, READER_PRIORITY);
	ssize_t size;

	if (error)
		return error;
	size = read(fd, text, room);
	if (size < 0)
		size = -errno;
	error = become(SCHED_FIFO, LOAD_PRIORITY);
	return error ? error : size;
}

/* "sched_process_fork: comm=kthreadd pid=2 child_comm=kthreadd child_pid=87" */
static int take_births(struct births *births)
{
	static const char name[] = "child_pid=";
	struct pollfd event = { .fd = births->events, .events = POLLIN };
	char text[4096];
	const char *at = text;
	ssize_t size;

	if (poll(&event, 1, 0) <= 0)
		return 0;
	size = read_unpreempted(births->events, text, sizeof(text) - 1);
	if (size < 0)
		return size == -EAGAIN || size == -EINTR ? 0 : record_failure("read births", -size);
	text[size] = '\0';
	while ((at = strstr(at, name)) && births->count < BORN) {
		at += sizeof(name) - 1;
		births->born[births->count++] = atoi(at);
	}
	return 0;
}

/*
 * A kernel thread gives itself SCHED_NORMAL when it starts (kernel/kthread.c, kthread()), so one
 * that was raised before it ran is raised again. One that has ended since needs nothing.
 */
static int raise_born(const struct births *births)
{
	const struct sched_param parameter = { .sched_priority = KTHREAD_PRIORITY };
	int i;

	for (i = 0; i < births->count; i++) {
		if (sched_getscheduler(births->born[i]) != SCHED_OTHER)
			continue;
		if (sched_setscheduler(births->born[i], SCHED_FIFO, &parameter) && errno != ESRCH)
			return record_failure("raise a kernel thread", errno);
	}
	return 0;
}

/* Returns when the module is gone, or at the deadline. */
static int spin(struct race *race, struct births *births)
{
	long long now, look = race->spin_us;

	while (!race->unload_done) {
		now = now_us();
		if (now - race->spin_us > SPIN_MS * 1000LL) {
			race->gave_up = 1;
			return 0;
		}
		if (now < look)
			continue;
		look = now + LOOK_US;
		if (take_births(births) || raise_born(births))
			return -1;
	}
	return 0;
}

int load(struct race *race)
{
	struct births births = { .count = 0 };
	int events, error;

	error = become(SCHED_FIFO, LOAD_PRIORITY);
	if (error)
		return record_failure("SCHED_FIFO for the load", -error), 1;
	events = open(TRACE_LOAD "/trace_pipe", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (events < 0)
		return record_failure("open the load's trace_pipe", errno), 1;
	births.events = open(TRACE_BIRTHS "/trace_pipe", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (births.events < 0)
		return record_failure("open the trace_pipe of births", errno), 1;
	if (send_byte(race->ready[1]))
		return 1;

	error = wait_readable(events); /* step 6: the holder wakes the remover */
	race->spin_us = now_us();
	if (error)
		return record_failure("wait for step 6", -error), 1;

	error = spin(race, &births);
	race->spun_us = now_us();
	return error ? 1 : 0;
}
