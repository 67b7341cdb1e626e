// SPDX-License-Identifier: GPL-2.0-only
/*
 * serve SET-UP SUSPECT COMMANDS	prepares what the recipes of a set-up need, says that the
 *					guest is ready for COMMANDS, and waits for them
 * serve				waits only
 *
 * Runs the trials among the commands; prints any other command, and ends.
 *
 * In C and without another exec(): under TCG a program costs the translation of all that it runs,
 * and a saved guest that sleeps in serve has the shell, its forks and this program's start behind
 * it. A third of what a trial executed was that.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/guest.h"
#include "recipes/recipe.h"
#include "record-kinds.h"
#include "suspects/suspect.h"

#define WORDS	16

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

static int get_ready(const char *set_up, const char *suspect, const char *commands)
{
	const struct suspect *found = find_suspect(suspect);

	if (!found)
		return record_failed("prepare: unknown suspect", EINVAL, suspect), -1;
	/* What went wrong is in the records, and no trial of this guest counts. */
	prepare_recipes(set_up, found);
	return record_ready(commands);
}

int serve_main(int argc, char **argv)
{
	char line[1024], whole[1024], *words[WORDS + 1], *word;
	int length, count;

	if (argc != 1 && argc != 4)
		return record_failure("serve: set-up, suspect and commands, or nothing", EINVAL), 2;
	if (argc == 4 && get_ready(argv[1], argv[2], argv[3]))
		return 1;
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
