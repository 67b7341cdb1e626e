// SPDX-License-Identifier: GPL-2.0-only
/*
 * audit [watch] - waits for visits, and makes them; with `watch` through the audit's module
 *
 * The host tells a visit in lines NAME=VALUE, where %XX stands for a byte, and then the line `go`.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "audit/audit.h"
#include "audit/dmrace_audit.h"
#include "core/guest.h"
#include "record-kinds.h"

/* A command has 4000 characters at most (harness/model/exercise.ts), each up to 12 bytes here. */
#define LINE	65536

static int hex(char c)
{
	return isdigit(c) ? c - '0' : tolower(c) - 'a' + 10;
}

static char *decoded(const char *text)
{
	char *plain = malloc(strlen(text) + 1), *to = plain;

	if (!plain)
		return NULL;
	for (; *text; text++) {
		if (*text == '%' && isxdigit(text[1]) && isxdigit(text[2])) {
			*to++ = hex(text[1]) << 4 | hex(text[2]);
			text += 2;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
	return plain;
}

static void forget(char **texts, int count)
{
	while (count--)
		free(texts[count]);
}

static void start_over(struct visit *visit)
{
	free(visit->module);
	free(visit->parameters);
	free(visit->object);
	free(visit->callback);
	forget(visit->needs, visit->need_count);
	forget(visit->creates, visit->create_count);
	forget(visit->destroys, visit->destroy_count);
	*visit = (struct visit) {
		.module = strdup(""), .parameters = strdup(""), .object = strdup(""),
		.callback = strdup(""), .limit_ms = DEADLINE_MS,
	};
}

static void add(char **list, int *count, char *value)
{
	if (*count < COMMANDS) {
		list[(*count)++] = value;
		return;
	}
	record_failed("visit: too many commands", E2BIG, value);
	free(value);
}

static void set(char **field, char *value)
{
	free(*field);
	*field = value;
}

static void take(struct visit *visit, const char *name, char *value)
{
	const struct {
		const char *name;
		char **field;
	} texts[] = {
		{ "module", &visit->module }, { "parameters", &visit->parameters },
		{ "object", &visit->object }, { "callback", &visit->callback },
	};
	const struct {
		const char *name;
		char **list;
		int *count;
	} lists[] = {
		{ "need", visit->needs, &visit->need_count },
		{ "create", visit->creates, &visit->create_count },
		{ "destroy", visit->destroys, &visit->destroy_count },
	};
	const struct {
		const char *name;
		int *field;
	} numbers[] = {
		{ "delay", &visit->delay }, { "hold", &visit->hold },
		{ "prove", &visit->prove },
		{ "prove-from", &visit->prove_from },
		{ "limit-ms", &visit->limit_ms }, { "settle-ms", &visit->settle_ms },
		{ "fifo", &visit->fifo },
	};
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!strcmp(name, texts[i].name))
			return set(texts[i].field, value);
	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		if (!strcmp(name, lists[i].name))
			return add(lists[i].list, lists[i].count, value);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (!strcmp(name, numbers[i].name))
			*numbers[i].field = atoi(value);
	if (!strcmp(name, "visit"))
		visit->number = atoll(value);
	free(value);
}

int audit_main(int argc, char **argv)
{
	static char line[LINE];
	FILE *commands = fdopen(dup(COMMANDS_FD), "r");
	struct visit visit = { 0 };
	int helper = -1;

	if (!commands)
		return record_failure("read the commands", errno), 1;
	if (argc > 1 && !strcmp(argv[1], "watch")) {
		helper = open(DMRACE_AUDIT_DEVICE, O_RDWR | O_CLOEXEC);
		if (helper < 0)
			return record_failure(DMRACE_AUDIT_DEVICE, errno), 1;
	}
	start_over(&visit);
	record_ready("visit");
	while (fgets(line, sizeof(line), commands)) {
		char *value = strchr(line, '=');

		line[strcspn(line, "\n")] = '\0';
		if (value) {
			*value = '\0';
			value = decoded(value + 1);
			if (value)
				take(&visit, line, value);
		} else if (!strcmp(line, "go")) {
			run_visit(&visit, helper);
			start_over(&visit);
		}
	}
	return record_failure("read the commands", EPIPE), 1;
}
