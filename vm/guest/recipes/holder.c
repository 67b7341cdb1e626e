// SPDX-License-Identifier: GPL-2.0-only
/*
 * The holder, SCHED_IDLE: some other process, which holds the object's kobject over its removal.
 * Steps 1, 5, 6, 7 and 10 are its.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/guest.h"
#include "record-kinds.h"
#include "recipes/party.h"

/* Step 1: a reference on the kobject. */
static int take_reference(struct race *race, int helper)
{
	const char *directory = race->object.kobject;
	struct dmrace_hold held;
	char kobject[24], release[24];

	if (hold_kobject(helper, directory, &held))
		return -1;
	race->completion = race->suspect->completion(&held);
	snprintf(kobject, sizeof(kobject), "%llx", (unsigned long long)held.kobject);
	snprintf(release, sizeof(release), "%llx", (unsigned long long)held.release);
	return record_hold(getpid(), directory, kobject, held.refcount, release);
}

/*
 * Step 4 seen from here. The event says that the remover has entered wait_for_completion(); on
 * one CPU this process runs only when the remover sleeps, and /proc tells where.
 */
static int await_remover(struct race *race, int events)
{
	char path[64], stat[256], wchan[64], state[2] = "?", *after;
	int error = wait_readable(events);

	if (error)
		return record_failure("wait for the remover to wait on the completion", -error);

	snprintf(path, sizeof(path), "/proc/%d/stat", race->removal);
	if (read_file(path, stat, sizeof(stat)) > 0) {
		after = strrchr(stat, ')');
		if (after && after[1] == ' ')
			state[0] = after[2];
	}
	snprintf(path, sizeof(path), "/proc/%d/wchan", race->removal);
	if (read_file(path, wchan, sizeof(wchan)) < 0)
		strcpy(wchan, "?");
	return record_waiting(race->removal, state, wchan);
}

int holder(struct race *race)
{
	int helper, events, error;

	error = become(SCHED_IDLE, 0);
	if (error)
		return record_failure("SCHED_IDLE", -error), 1;
	helper = open(HELPER_DEVICE, O_RDWR | O_CLOEXEC);
	if (helper < 0)
		return record_failure("open " HELPER_DEVICE, errno), 1;
	events = open(TRACE_HOLDER "/trace_pipe", O_RDONLY | O_CLOEXEC);
	if (events < 0)
		return record_failure("open the holder's trace_pipe", errno), 1;

	error = wait_byte(race->hold[0]);
	if (error)
		return record_failure("wait for the order to hold", -error), 1;
	if (take_reference(race, helper) || send_byte(race->held[1]))
		return 1;
	if (await_remover(race, events))
		return 1;

	/*
	 * Only now may the load's event fire: softirqs that interrupt this process can wake the
	 * remover too, and would start the load too soon.
	 */
	error = write_file(TRACE_LOAD "/events/sched/sched_waking/enable", "1");
	if (error)
		return record_failure("enable the load's event", -error), 1;
	/* The remover sleeps: its next switch is its first block after step 6. */
	error = race->gate ? write_file(TRACE_GATE "/events/sched/sched_switch/enable", "1") : 0;
	if (error)
		return record_failure("enable the gate's event", -error), 1;

	race->drop_us = now_us();
	if (ioctl(helper, DMRACE_DROP))	/* steps 5, 6, 7 and 10 happen in here */
		return record_failure("DMRACE_DROP", errno), 1;
	race->returned_us = now_us();
	return 0;
}
