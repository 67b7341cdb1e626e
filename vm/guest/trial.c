// SPDX-License-Identifier: GPL-2.0-only
/*
 * trial kind=KIND nonce=N seed=N scenario=NAME ...	one trial
 *	by kind: pin=0|1 yield-after=N, ms=N; end=poweroff
 * serve COMMANDS	says that it is ready for COMMANDS unless they are "", waits for commands and runs
 *			the trials among them; prints any other command, and ends
 *
 * In C and without another exec(): under TCG a program costs the translation of all that it runs,
 * and a saved guest that sleeps in serve has the shell, its forks and this program's start behind
 * it. A third of what a trial executed was that. dmsetup, too, has its start behind it
 * (remover.c).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "guest.h"
#include "record-kinds.h"

#define COMMANDS_FD	6	/* opened by vm/init */
#define PIN_FD		5	/* the helper, opened by vm/init for the life of the VM */
#define WORDS		16
#define WORD		160

struct trial {
	const char *kind, *nonce, *seed, *scenario, *pin, *yield_after, *ms, *end;
};

static int parse(struct trial *trial, int argc, char **argv)
{
	const struct {
		const char *name;
		const char **value;
	} options[] = {
		{ "kind=", &trial->kind }, { "nonce=", &trial->nonce }, { "seed=", &trial->seed },
		{ "scenario=", &trial->scenario }, { "pin=", &trial->pin },
		{ "yield-after=", &trial->yield_after }, { "ms=", &trial->ms },
		{ "end=", &trial->end },
	};
	const size_t count = sizeof(options) / sizeof(options[0]);
	size_t i;
	int at;

	for (at = 1; at < argc; at++) {
		for (i = 0; i < count; i++)
			if (!strncmp(argv[at], options[i].name, strlen(options[i].name)))
				break;
		if (i == count)
			return record_failed("trial: unknown option", EINVAL, argv[at]), -1;
		*options[i].value = argv[at] + strlen(options[i].name);
	}
	return 0;
}

static int record_what_is(const struct trial *trial)
{
	char taint[24];

	if (record_trial(trial->nonce, strtoll(trial->seed, NULL, 10), trial->scenario))
		return -1;
	if (read_file("/proc/sys/kernel/tainted", taint, sizeof(taint)) <= 0)
		return record_failure("read /proc/sys/kernel/tainted", EIO);
	return record_taint(strtoll(taint, NULL, 10));
}

static int run_window(const struct trial *trial, int disk)
{
	char words[6][WORD];
	char *argv[] = { words[0], words[1], words[2], words[3], words[4], words[5], NULL };

	snprintf(words[0], WORD, "race");
	snprintf(words[1], WORD, "nonce=%s", trial->nonce);
	snprintf(words[2], WORD, "disk=dm-%d", disk);
	snprintf(words[3], WORD, "pin-fd=%d", strcmp(trial->pin, "1") ? -1 : PIN_FD);
	snprintf(words[4], WORD, "yield-after=%s", trial->yield_after);
	snprintf(words[5], WORD, "seed=%s", trial->seed);
	return race_main(6, argv);
}

static int run_delayed(int disk)
{
	char words[3][WORD];
	char *argv[] = { words[0], words[1], words[2], NULL };

	snprintf(words[0], WORD, "delayed");
	snprintf(words[1], WORD, "device=" DEVICE);
	snprintf(words[2], WORD, "disk=dm-%d", disk);
	return delayed_main(3, argv);
}

/* A soak makes its device again and again. */
static int run_churn(const struct trial *trial)
{
	char words[4][WORD];
	char *argv[] = { words[0], words[1], words[2], words[3], NULL };
	char *raise[] = { (char *)"kthreads", (char *)"30", NULL };

	/* The load must not keep those from working that the churner waits for. */
	if (kthreads_main(2, raise))
		return 1;
	snprintf(words[0], WORD, "churn");
	snprintf(words[1], WORD, "ms=%s", trial->ms);
	snprintf(words[2], WORD, "device=" DEVICE);
	snprintf(words[3], WORD, "module=/modules/dm-mod.ko");
	return churn_main(4, argv);
}

/*
 * A restored VM has the random numbers of the saved one, and they decide the delays. Only here: a
 * race is to depend on nothing but its seed.
 */
static int reseed(const struct trial *trial)
{
	char words[3][WORD];
	char *argv[] = { words[0], words[1], words[2], NULL };

	snprintf(words[0], WORD, "reseed");
	snprintf(words[1], WORD, "%s", trial->nonce);
	snprintf(words[2], WORD, "%s", trial->seed);
	return reseed_main(3, argv);
}

/* What went wrong is in the records, and whatever did: the trial is closed. */
static void run(const struct trial *trial)
{
	int disk;

	if (record_what_is(trial))
		return;
	if (!strcmp(trial->kind, "window")) {
		disk = make_device(DEVICE);
		run_window(trial, disk < 0 ? 0 : disk);
	} else if (!strcmp(trial->kind, "delayed")) {
		reseed(trial);
		disk = make_device(DEVICE);
		run_delayed(disk < 0 ? 0 : disk);
	} else if (!strcmp(trial->kind, "churn")) {
		run_churn(trial);
	} else {
		record_failed("trial: unknown kind", EINVAL, trial->kind);
	}
}

int trial_main(int argc, char **argv)
{
	struct trial trial = {
		.kind = "", .nonce = "", .seed = "0", .scenario = "", .pin = "1",
		.yield_after = "0", .ms = "0", .end = "",
	};
	char *close_argv[] = { (char *)"close", NULL, NULL };
	int error;

	if (!parse(&trial, argc, argv))
		run(&trial);
	close_argv[1] = (char *)trial.nonce;
	error = close_main(2, close_argv);
	/*
	 * A deterministic trial ends itself: how much more the console says is not for the host's
	 * clock. QEMU runs with -no-reboot, and a kernel without ACPI cannot switch a PC off.
	 */
	if (!strcmp(trial.end, "poweroff") && reboot(RB_AUTOBOOT))
		error = record_failure("reboot", errno);
	return error ? 1 : 0;
}

/* One line, byte by byte: what follows it is for the next reader. Its length, or -errno. */
static int read_command(char *line, int size)
{
	int length = 0;
	ssize_t count;

	for (;;) {
		count = read(COMMANDS_FD, line + length, 1);
		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0)
			return count ? -errno : -EPIPE;
		if (line[length] == '\n')
			break;
		if (++length == size)
			return -E2BIG;
	}
	line[length] = '\0';
	return length;
}

int serve_main(int argc, char **argv)
{
	char line[1024], whole[1024], *words[WORDS + 1], *word;
	int length, count;

	if (argc != 2)
		return record_failure("serve: the commands", EINVAL), 2;
	if (*argv[1]) {
		/* What went wrong is in the records, and no trial of this guest counts. */
		if (!access(HELPER_DEVICE, F_OK))
			race_prepare();
		if (record_ready(argv[1]))
			return 1;
	}
	for (;;) {
		length = read_command(line, sizeof(line) - 1);
		if (length < 0)
			return record_failure("read a command", -length), 1;
		strcpy(whole, line);
		count = 0;
		for (word = strtok(line, " "); word && count < WORDS; word = strtok(NULL, " "))
			words[count++] = word;
		words[count] = NULL;
		if (!count)
			continue;
		if (strcmp(words[0], "trial"))
			return puts(whole) == EOF || fflush(stdout) ? 1 : 0;
		trial_main(count, words);
	}
}
