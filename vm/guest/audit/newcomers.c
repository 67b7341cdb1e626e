// SPDX-License-Identifier: GPL-2.0-only
/* Modules that came with a visit: where they lie, and their unload. */
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "audit/audit.h"
#include "audit/dmrace_audit.h"
#include "core/guest.h"
#include "record-kinds.h"

#define KNOWN		512
#define PRIORITY	50
/* A user of the module may be on its way out still; an unload that takes longer waits for us. */
#define BUSY_MS		1500
/* One that is on its way in an RCU callback goes when our module has called that. */
#define DELAYED_MS	(DMRACE_AUDIT_DELAY_MS + BUSY_MS)
#define WAITS_MS	4000
#define PAUSE_MS	50

static char known[KNOWN][MODULE_NAME];
static int known_count;

struct line {
	char name[MODULE_NAME], address[24], taint[16];
	unsigned long size;
	int refcount;
};

/* "NAME 184320 0 - Live 0xffffffffc0231000 (O)": kernel/module/procfs.c, m_show(). */
static int read_line(FILE *list, struct line *line)
{
	char text[1024];

	while (fgets(text, sizeof(text), list)) {
		line->taint[0] = '\0';
		if (sscanf(text, "%63s %lu %d %*s %*s 0x%23s %15s", line->name, &line->size,
			   &line->refcount, line->address, line->taint) >= 4)
			return 1;
	}
	return 0;
}

int note_modules(void)
{
	FILE *list = fopen("/proc/modules", "re");
	struct line line;

	if (!list)
		return record_failure("open /proc/modules", errno);
	known_count = 0;
	while (known_count < KNOWN && read_line(list, &line))
		strcpy(known[known_count++], line.name);
	fclose(list);
	return 0;
}

static int is_known(const char *name)
{
	int i;

	for (i = 0; i < known_count; i++)
		if (!strcmp(known[i], name))
			return 1;
	return 0;
}

/* What kallsyms names lies in these. */
static int is_told(const char *section)
{
	static const char *const begins[] = { ".text", ".exit.text", ".noinstr", ".rodata", ".data",
					      ".bss" };
	size_t i;

	for (i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (!strncmp(section, begins[i], strlen(begins[i])))
			return 1;
	return 0;
}

static void tell_sections(const char *module)
{
	char folder[96], path[384], address[24];
	struct dirent *entry;
	DIR *directory;

	snprintf(folder, sizeof(folder), "/sys/module/%s/sections", module);
	directory = opendir(folder);
	if (!directory) {
		record_failure(folder, errno);
		return;
	}
	while ((entry = readdir(directory))) {
		if (!is_told(entry->d_name))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (read_file(path, address, sizeof(address)) > 2)
			record_section(module, entry->d_name, address + 2); /* 0x */
	}
	closedir(directory);
}

/*
 * @first comes first, then the newest: /proc/modules begins with it. @tell: with a record of where
 * each lies. Returns how many.
 */
int find_newcomers(const char *first, char names[][MODULE_NAME], int tell)
{
	FILE *list = fopen("/proc/modules", "re");
	struct line line;
	int count = 0, i;

	if (!list)
		return record_failure("open /proc/modules", errno), 0;
	while (read_line(list, &line) && count < NEWCOMERS) {
		if (is_known(line.name))
			continue;
		if (tell) {
			record_module(line.name, line.size, line.refcount, line.address,
				      line.taint);
			tell_sections(line.name);
		}
		i = count++;
		if (!strcmp(line.name, first))
			for (; i > 0; i--)
				strcpy(names[i], names[i - 1]);
		strcpy(names[i], line.name);
	}
	fclose(list);
	return count;
}

static pid_t start_unload(const char *module, int fifo)
{
	pid_t pid = fork();
	int error;

	if (pid)
		return pid;
	if (fifo && become(SCHED_FIFO, PRIORITY))
		_exit(255);
	error = unload_module(module);
	_exit(-error);
}

static void pause_ms(int ms)
{
	struct timespec pause = { .tv_nsec = ms * 1000000L };

	nanosleep(&pause, NULL);
}

int has_holders(const char *module)
{
	char path[96];
	struct dirent *entry;
	DIR *holders;
	int found = 0;

	snprintf(path, sizeof(path), "/sys/module/%s/holders", module);
	holders = opendir(path);
	if (!holders)
		return 0;
	while (!found && (entry = readdir(holders)))
		found = entry->d_name[0] != '.';
	closedir(holders);
	return found;
}

static void drop_all(int helper)
{
	if (ioctl(helper, DMRACE_AUDIT_DROP, 0UL))
		record_failure("DMRACE_AUDIT_DROP", errno);
}

/* Its error, 0 when it is gone; an unload that blocks is told about in @waited. */
static int unload_once(const struct visit *visit, int helper, const char *module, int *waited)
{
	int status = 0;
	pid_t pid = start_unload(module, visit->fifo);

	if (pid < 0)
		return record_failure("fork", errno), EAGAIN;
	if (wait_within(pid, &status, helper < 0 ? visit->limit_ms : WAITS_MS) == -ETIMEDOUT) {
		/* It may wait for what we hold. */
		if (helper >= 0)
			drop_all(helper);
		*waited = 1;
		if (wait_within(pid, &status, visit->limit_ms) == -ETIMEDOUT) {
			kill(pid, SIGKILL);
			return ETIMEDOUT;
		}
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : EIO;
}

/*
 * Returns its error: ETIMEDOUT and EIO spoil the guest. What keeps a module in use may be an object
 * that we hold, whose release method puts the module, as bcache's do (drivers/md/bcache/super.c).
 */
int unload_newcomer(const struct visit *visit, int helper, const char *module)
{
	long long started = now_us(), limit_ms = helper < 0 ? BUSY_MS : DELAYED_MS;
	int error, waited = 0;

	for (;;) {
		error = unload_once(visit, helper, module, &waited);
		if (error != EWOULDBLOCK && error != EBUSY)
			break;
		if (now_us() - started > limit_ms * 1000) {
			if (helper < 0 || waited || has_holders(module))
				break;
			drop_all(helper);
			waited = 1;
			limit_ms += BUSY_MS;
		}
		pause_ms(PAUSE_MS);
	}
	record_unloaded(visit->number, module, error, module_refcount(module), waited,
			(now_us() - started) / 1000);
	return error;
}
