// SPDX-License-Identifier: GPL-2.0-only
/*
 * symbols NONCE - the names of all functions of the kernel and its modules, as lines of
 * /proc/kallsyms, through the port of the trace
 *
 * Functions only: all names of a stock kernel are 10 MB, and a port under TCG takes 100 kB a second
 * on a loaded host.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/guest.h"
#include "record-kinds.h"

#define ROOM	(16 << 20)
#define TYPE	17	/* where the type is in a line: behind 16 digits and a blank */

/* The size of what was kept in @text, or -1. */
static ssize_t functions(char *text)
{
	FILE *kallsyms = fopen("/proc/kallsyms", "re");
	char line[768];
	size_t total = 0;

	if (!kallsyms)
		return record_failure("open /proc/kallsyms", errno);
	while (fgets(line, sizeof(line), kallsyms)) {
		size_t length = strlen(line);

		if (length <= TYPE || !strchr("tTwW", line[TYPE]))
			continue;
		if (total + length > ROOM)
			return record_failure("keep the symbols", ENOMEM);
		memcpy(text + total, line, length);
		total += length;
	}
	if (ferror(kallsyms))
		return record_failure("read /proc/kallsyms", EIO);
	fclose(kallsyms);
	return total;
}

int symbols_main(int argc, char **argv)
{
	char *text;
	ssize_t size;

	if (argc != 2)
		return record_failure("symbols: one nonce", EINVAL), 2;
	text = malloc(ROOM);
	if (!text)
		return record_failure("keep the symbols", ENOMEM), 1;
	size = functions(text);
	if (size < 0 || record_closing(argv[1], size, 0))
		return 1;
	return send_trace(text, size) ? 1 : 0;
}
