// SPDX-License-Identifier: GPL-2.0-only
/*
 * trial WORD...	one trial
 *
 *	recipe=release-return|sweep|delayed|soak suspect=NAME nonce=TEXT seed=N scenario=NAME
 *	pin=0|1			hold the object's parent (1)
 *	yield-after=N|after	sweep: at which block of the removal the holder runs
 *	ms=N			soak: for how long
 *	end=poweroff		the guest ends itself
 *	wait-ms=N		how long any wait takes at most (20000)
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>

#include "core/guest.h"
#include "core/trial.h"
#include "recipes/recipe.h"
#include "record-kinds.h"
#include "suspects/suspect.h"

struct command {
	const struct recipe *recipe;
	const struct suspect *suspect;
	struct trial trial;
};

static int number(const char *value, long long least, long long *to)
{
	char *end;

	errno = 0;
	*to = strtoll(value, &end, 10);
	return errno || end == value || *end || *to < least ? -1 : 0;
}

static int text(const char *value, char *to, size_t size)
{
	int length = snprintf(to, size, "%s", value);

	return length > 0 && (size_t)length < size ? 0 : -1;
}

static int set_recipe(struct command *command, const char *value)
{
	command->recipe = find_recipe(value);
	return command->recipe ? 0 : -1;
}

static int set_suspect(struct command *command, const char *value)
{
	command->suspect = find_suspect(value);
	return command->suspect ? 0 : -1;
}

static int set_nonce(struct command *command, const char *value)
{
	return text(value, command->trial.nonce, sizeof(command->trial.nonce));
}

static int set_seed(struct command *command, const char *value)
{
	return number(value, 0, &command->trial.seed);
}

static int set_scenario(struct command *command, const char *value)
{
	return text(value, command->trial.scenario, sizeof(command->trial.scenario));
}

static int set_pin(struct command *command, const char *value)
{
	command->trial.pin = !strcmp(value, "1");
	return command->trial.pin || !strcmp(value, "0") ? 0 : -1;
}

static int set_yield_after(struct command *command, const char *value)
{
	if (strcmp(value, "after"))
		return number(value, 1, &command->trial.yield_after);
	command->trial.yield_after = YIELD_AFTER_UNLOAD;
	return 0;
}

static int set_ms(struct command *command, const char *value)
{
	return number(value, 1, &command->trial.ms);
}

static int set_end(struct command *command, const char *value)
{
	command->trial.end_poweroff = !strcmp(value, "poweroff");
	return command->trial.end_poweroff ? 0 : -1;
}

static int set_wait_ms(struct command *command, const char *value)
{
	long long ms;

	(void)command;
	if (number(value, 1, &ms) || ms > INT_MAX)
		return -1;
	deadline_ms = (int)ms;
	return 0;
}

static int parse_word(struct command *command, const char *word)
{
	static const struct {
		const char *name;
		int (*set)(struct command *command, const char *value);
	} words[] = {
		{ "recipe=", set_recipe }, { "suspect=", set_suspect }, { "nonce=", set_nonce },
		{ "seed=", set_seed }, { "scenario=", set_scenario }, { "pin=", set_pin },
		{ "yield-after=", set_yield_after }, { "ms=", set_ms }, { "end=", set_end },
		{ "wait-ms=", set_wait_ms },
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t length = strlen(words[i].name);

		if (!strncmp(word, words[i].name, length))
			return words[i].set(command, word + length);
	}
	return -1;
}

/* All words, whatever the first bad one: a refused trial is closed by its nonce, too. */
static int parse(struct command *command, int argc, char **argv)
{
	int error = 0, at;

	for (at = 1; at < argc; at++) {
		if (!parse_word(command, argv[at]))
			continue;
		record_failed("take a word of the trial", EINVAL, argv[at]);
		error = -1;
	}
	if (!error && (!command->recipe || !command->suspect || !command->trial.nonce[0]))
		error = record_failure("run a trial without recipe, suspect or nonce", EINVAL);
	return error;
}

static int record_what_is(const struct trial *trial)
{
	char taint[24];

	if (record_trial(trial->nonce, trial->seed, trial->scenario))
		return -1;
	if (read_file("/proc/sys/kernel/tainted", taint, sizeof(taint)) <= 0)
		return record_failure("read /proc/sys/kernel/tainted", EIO);
	return record_taint(strtoll(taint, NULL, 10));
}

int trial_main(int argc, char **argv)
{
	struct command command = { .trial = { .pin = 1 } };
	const struct trial *trial = &command.trial;
	int error;

	/* What went wrong is in the records, and whatever did: the trial is closed. */
	error = parse(&command, argc, argv) || record_what_is(trial) ||
		command.recipe->run(trial, command.suspect);
	if (close_trial(trial->nonce))
		error = -1;
	/*
	 * A deterministic trial ends itself: how much more the console says is not for the host's
	 * clock. QEMU runs with -no-reboot, and a kernel without ACPI cannot switch a PC off.
	 */
	if (trial->end_poweroff && reboot(RB_AUTOBOOT))
		error = record_failure("reboot", errno);
	return error ? 1 : 0;
}
