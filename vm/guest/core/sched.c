// SPDX-License-Identifier: GPL-2.0-only
/* Scheduling policies: set, then asked for, so that a record never repeats a wish. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/guest.h"
#include "record-kinds.h"

#define PF_KTHREAD 0x00200000	/* include/linux/sched.h; field 9 of /proc/PID/stat */

/* The calling process. Returns 0, or -errno. */
int become(int policy, int priority)
{
	struct sched_param parameter = { .sched_priority = priority };

	return sched_setscheduler(0, policy, &parameter) ? -errno : 0;
}

static const char *policy_name(int policy)
{
	switch (policy) {
	case SCHED_OTHER:
		return "SCHED_OTHER";
	case SCHED_FIFO:
		return "SCHED_FIFO";
	case SCHED_IDLE:
		return "SCHED_IDLE";
	default:
		return "other";
	}
}

/* What the kernel says of @pid, not what it was asked to be. */
int record_party(const char *party, pid_t pid)
{
	struct sched_param parameter = { 0 };
	int policy = sched_getscheduler(pid);

	if (policy < 0 || sched_getparam(pid, &parameter))
		return record_failure("sched_getscheduler", errno);
	return record_scheduler(party, pid, policy_name(policy), parameter.sched_priority);
}

/* A kernel thread's; 0 for anything else, a process that has just gone included. */
static int kthread_priority(pid_t pid)
{
	char path[64], stat[512], *after;
	unsigned int flags;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (read_file(path, stat, sizeof(stat)) < 0)
		return 0;
	after = strrchr(stat, ')'); /* the name before it may hold blanks and brackets */
	if (!after || sscanf(after + 1, " %*c %*d %*d %*d %*d %*d %u", &flags) != 1)
		return 0;
	if (!(flags & PF_KTHREAD))
		return 0;
	return strstr(stat, "(irq_work/") ? IRQ_WORK_PRIORITY : KTHREAD_PRIORITY;
}

/*
 * Every kernel thread to SCHED_FIFO: what a removal waits for (RCU, workqueues, kdevtmpfs) must
 * outrank the load. Per-CPU stop threads refuse (EPERM or EINVAL), which does no harm: they
 * outrank everything already.
 */
int raise_kthreads(void)
{
	struct sched_param parameter = { 0 };
	struct dirent *entry;
	int raised = 0, refused = 0;
	DIR *proc = opendir("/proc");

	if (!proc)
		return record_failure("opendir /proc", errno);
	while ((entry = readdir(proc))) {
		pid_t pid = isdigit((unsigned char)entry->d_name[0]) ? atoi(entry->d_name) : 0;

		parameter.sched_priority = pid ? kthread_priority(pid) : 0;
		if (!parameter.sched_priority)
			continue;
		if (sched_setscheduler(pid, SCHED_FIFO, &parameter))
			refused++;
		else
			raised++;
	}
	closedir(proc);
	return record_kthreads(KTHREAD_PRIORITY, raised, refused);
}

int kthreads_main(int argc, char **argv)
{
	(void)argv;
	if (argc != 1)
		return record_failure("kthreads: no argument", EINVAL), 2;
	return raise_kthreads() ? 1 : 0;
}
