// SPDX-License-Identifier: GPL-2.0-only
/* Modules that came with a visit, and where they lie. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "audit/audit.h"
#include "core/guest.h"
#include "record-kinds.h"

#define KNOWN		512

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
