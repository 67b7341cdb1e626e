// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records: one JSON object a line on a virtio-serial port of their own. The port can be opened
 * once (drivers/char/virtio_console.c, port_fops_open()), so vm/init does and all inherit it.
 *
 * record-kinds.h is generated from harness/model/record.ts when the guest is built, so a field
 * that one side knows and the other does not is a compile error here.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/guest.h"

#define RECORD_KINDS_TABLE
#include "record-kinds.h"

#define RECORD_SIZE	2048

/* CLOCK_MONOTONIC in microseconds. Trace and console have another clock, local_clock(). */
long long now_us(void)
{
	struct timespec now;

	if (clock_gettime(CLOCK_MONOTONIC, &now))
		return -1;
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

static size_t put(char *line, size_t at, const char *text)
{
	while (*text && at < RECORD_SIZE - 1)
		line[at++] = *text++;
	return at;
}

/* RFC 8259, section 7: quote, backslash and control characters are escaped. */
static size_t put_string(char *line, size_t at, const char *text)
{
	char escaped[8];

	at = put(line, at, "\"");
	for (; *text; text++) {
		unsigned char c = *text;

		if (c == '"' || c == '\\')
			snprintf(escaped, sizeof(escaped), "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			snprintf(escaped, sizeof(escaped), "\\u%04x", c);
		else
			snprintf(escaped, sizeof(escaped), "%c", c);
		at = put(line, at, escaped);
	}
	return put(line, at, "\"");
}

static size_t put_number(char *line, size_t at, long long number)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", number);
	return put(line, at, text);
}

static size_t put_head(char *line, const struct record_kind *kind)
{
	size_t at = put(line, 0, "{\"kind\":");

	at = put_string(line, at, kind->name);
	at = put(line, at, ",\"us\":");
	return put_number(line, at, now_us());
}

static size_t put_name(char *line, size_t at, const char *name)
{
	at = put(line, at, ",");
	at = put_string(line, at, name);
	return put(line, at, ":");
}

/* One write for one line: records of several processes never mix. */
static int write_line(char *line, size_t at)
{
	ssize_t written;

	at = put(line, at, "}\n");
	if (at >= RECORD_SIZE - 1) {
		fprintf(stderr, "dmrace-guest: a record of more than %d bytes\n", RECORD_SIZE);
		return -1;
	}
	written = write(RECORDS_FD, line, at);
	if (written != (ssize_t)at) {
		perror("dmrace-guest: records port");
		return -1;
	}
	return 0;
}

/* Called by the generated record_*() functions only; they give the arguments their types. */
int record_write(const struct record_kind *kind, ...)
{
	char line[RECORD_SIZE];
	const struct record_field *field;
	size_t at = put_head(line, kind);
	va_list arguments;

	va_start(arguments, kind);
	for (field = kind->fields; field->name; field++) {
		at = put_name(line, at, field->name);
		if (field->type == 's')
			at = put_string(line, at, va_arg(arguments, const char *));
		else
			at = put_number(line, at, va_arg(arguments, long long));
	}
	va_end(arguments);
	return write_line(line, at);
}

/* A step of the guest's own that went wrong: a record, because the host reads nothing else. */
int record_failure(const char *what, int error)
{
	record_failed(what, error, strerror(error));
	return -1;
}

static const char *value_of(const char *name, int argc, char **argv)
{
	size_t length = strlen(name);
	int i;

	for (i = 2; i < argc; i++)
		if (!strncmp(argv[i], name, length) && argv[i][length] == '=')
			return argv[i] + length + 1;
	return NULL;
}

/* For shell scripts: every field of the kind must be given, and numbers must be numbers. */
int record_main(int argc, char **argv)
{
	char line[RECORD_SIZE];
	const struct record_kind *kind;
	const struct record_field *field;
	size_t at;

	for (kind = record_kinds; kind->name; kind++)
		if (argc > 1 && !strcmp(kind->name, argv[1]))
			break;
	if (!kind->name) {
		record_failed("record: unknown kind", EINVAL, argc > 1 ? argv[1] : "");
		return 2;
	}

	at = put_head(line, kind);
	for (field = kind->fields; field->name; field++) {
		const char *value = value_of(field->name, argc, argv);
		char *end = NULL;
		long long number = 0;

		if (value && field->type == 'd')
			number = strtoll(value, &end, 0);
		if (!value || (field->type == 'd' && (end == value || *end))) {
			record_failed("record: missing or bad field", EINVAL, field->name);
			return 2;
		}
		at = put_name(line, at, field->name);
		at = field->type == 's' ? put_string(line, at, value) : put_number(line, at, number);
	}
	return write_line(line, at) ? 1 : 0;
}
