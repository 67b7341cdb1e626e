// SPDX-License-Identifier: GPL-2.0-only
/* One visit: load, create, destroy, unload, ask, prove. */
#include <errno.h>
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

#define WORDS	64
#define END_MS	10000

static int load(const struct visit *visit, const char *step, const char *module, char *parameters)
{
	char *argv[WORDS + 1] = { "/sbin/modprobe", (char *)module };
	int count = 2;
	char *word;

	for (word = strtok(parameters, " "); word && count < WORDS; word = strtok(NULL, " "))
		argv[count++] = word;
	argv[count] = NULL;
	return run_step(visit, step, argv, 0);
}

static int run_all(const struct visit *visit, const char *step, char *const commands[], int count,
		   int fifo)
{
	int failed = 0, i;

	for (i = 0; i < count; i++) {
		failed = run_shell(visit, step, commands[i], fifo);
		/* What was made is taken away as far as it goes. */
		if (failed && strcmp(step, "destroy"))
			return failed;
	}
	return failed;
}

/* What the exercise needs is none of the visit's: it is there before, and taken away after. */
static int load_needs(const struct visit *visit, char names[][MODULE_NAME], int *count)
{
	char nothing[] = "";
	int failed = 0, i;

	if (note_modules())
		return -1;
	for (i = 0; i < visit->need_count && !failed; i++)
		failed = load(visit, "need", visit->needs[i], nothing);
	*count = visit->need_count ? find_newcomers("", names, 0) : 0;
	return failed;
}

/* The next visit finds them as they were; what is in use by then stays. */
static void unload_needs(char names[][MODULE_NAME], int count)
{
	int i;

	for (i = 0; i < count; i++)
		unload_module(names[i]);
}

/* Loads and creates, and says whether that took the module into use; 0 when all of it went well. */
static int make(const struct visit *visit)
{
	int loaded, most, refcount, failed = 0, i;

	if (load(visit, "load", visit->module, visit->parameters))
		return 1;
	loaded = module_refcount(visit->module);
	most = loaded;
	for (i = 0; i < visit->create_count && !failed; i++) {
		failed = run_all(visit, "create", &visit->creates[i], 1, 0);
		refcount = module_refcount(visit->module);
		if (refcount > most)
			most = refcount;
	}
	record_used(visit->number, loaded, most);
	return failed;
}

/* In a process of its own, since it may crash too. */
static int end_noting(int helper)
{
	int status = 0;
	pid_t pid = fork();

	if (pid < 0)
		return record_failure("fork", errno);
	if (!pid)
		_exit(ioctl(helper, DMRACE_AUDIT_END) ? errno : 0);
	if (wait_within(pid, &status, END_MS))
		return 1;
	return status != 0;
}

static void settle(int ms)
{
	struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	nanosleep(&pause, NULL);
}

void run_visit(const struct visit *visit, int helper)
{
	static char names[NEWCOMERS][MODULE_NAME], needs[NEWCOMERS][MODULE_NAME];
	long long started = now_us();
	unsigned long how;
	int spoiled = 0, count = 0, need_count = 0, failed, error;

	/* A crash before this one has made the console verbose (console_verbose()). */
	error = write_file("/proc/sys/kernel/printk", "5 4 1 7");
	if (error)
		record_failure("quieten the console", -error);
	blocked_helper = helper;
	mark("visit %lld %s", visit->number, visit->module);
	record_visit(visit->number, visit->module);
	failed = load_needs(visit, needs, &need_count);
	if (note_modules())
		spoiled = 1;
	how = (visit->delay ? DMRACE_AUDIT_DELAY : 0) | (visit->hold ? DMRACE_AUDIT_HOLD : 0);
	if (helper >= 0 && ioctl(helper, DMRACE_AUDIT_BEGIN, how))
		spoiled = !!record_failure("DMRACE_AUDIT_BEGIN", errno);
	if (!failed)
		make(visit);
	if (helper >= 0)
		report_seen(visit, helper, 0);
	count = find_newcomers(visit->module, names, 1);
	if (visit->fifo && count && !strcmp(names[0], visit->module)) {
		error = destroy_and_unload(visit);
		spoiled |= is_spoiling(error);
		end_groups();
		/* In use: what keeps it may be gone by now. */
		if (!spoiled)
			spoiled = unload_all(visit, helper, names + !error, count - !error);
	} else {
		run_all(visit, "destroy", visit->destroys, visit->destroy_count, visit->fifo);
		end_groups();
		spoiled |= unload_all(visit, helper, names, count);
	}
	if (helper >= 0 && !spoiled)
		report_seen(visit, helper, 1);
	if (helper >= 0 && !spoiled)
		spoiled |= report_outliving(visit, helper);
	if (helper >= 0)
		spoiled |= end_noting(helper);
	if (!spoiled)
		unload_needs(needs, need_count);
	if (visit->settle_ms)
		settle(visit->settle_ms);
	mark("visited %lld", visit->number);
	record_visited(visit->number, spoiled, (now_us() - started) / 1000);
}
