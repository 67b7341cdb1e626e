// SPDX-License-Identifier: GPL-2.0-only
/* Whether somebody sleeps in the kernel, and has not been awake between two looks. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "core/guest.h"

#define TEXT	4096

static int read_proc(const char *pid, const char *name, char text[TEXT])
{
	char path[300];
	int length;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, name);
	length = read_file(path, text, TEXT);
	if (length < 0)
		text[0] = '\0';
	return length;
}

/* Whether it is of @group, and sleeps where no signal wakes it. */
static int sleeps(const char *pid, pid_t group)
{
	char text[TEXT], state, *after;
	int pgrp;

	if (read_proc(pid, "stat", text) <= 0)
		return 0;
	/* Its name, which may hold anything, is in parentheses. */
	after = strrchr(text, ')');
	return after && sscanf(after + 1, " %c %*d %d", &state, &pgrp) == 2 && pgrp == group &&
	       state == 'D';
}

/* How often it has gone to sleep so far; -1: it is gone. */
static long long switches(const char *pid)
{
	static const char name[] = "\nvoluntary_ctxt_switches:";
	char text[TEXT], *line;

	read_proc(pid, "status", text);
	line = strstr(text, name);
	return line ? atoll(line + sizeof(name) - 1) : -1;
}

/*
 * A grace period, a transfer or a modprobe that the kernel calls (call_usermodehelper_exec()) is
 * nobody's who holds an object, and on a busy host it takes its time.
 */
static int ends_by_itself(const char *pid)
{
	static const char *const waits[] = { "rcu", "folio", "bit_wait", "bio", "usermodehelper" };
	char text[TEXT];
	size_t i;

	read_proc(pid, "wchan", text);
	for (i = 0; i < sizeof(waits) / sizeof(waits[0]); i++)
		if (strstr(text, waits[i]))
			return 1;
	return 0;
}

int look_at(pid_t group, struct sleeper *sleeper)
{
	struct sleeper now = { 0 };
	struct dirent *entry;
	DIR *processes = opendir("/proc");

	if (!processes)
		return record_failure("open /proc", errno), 0;
	while (!now.looks && (entry = readdir(processes))) {
		const char *pid = entry->d_name;

		if (!isdigit(pid[0]) || !sleeps(pid, group) || ends_by_itself(pid))
			continue;
		now = (struct sleeper){ .pid = atoi(pid), .switches = switches(pid), .looks = 1 };
	}
	closedir(processes);
	if (now.looks && now.pid == sleeper->pid && now.switches == sleeper->switches)
		now.looks += sleeper->looks;
	*sleeper = now;
	return now.looks;
}
