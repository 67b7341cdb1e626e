// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where dm_mod lies while it is loaded: its symbols, sections and place. After the unload nothing
 * else can name an address in it.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "guest.h"
#include "record-kinds.h"

#define SECTIONS "/sys/module/dm_mod/sections"

/* Symbols of vmlinux that the judge and the disassembly need; more come as arguments. */
static const char *const wanted[] = {
	"dm_kobject_release", "complete", "wait_for_completion", "kobject_put", "disk_release",
	"_stext", "_etext",
};

static int is_wanted(const char *name, char **more)
{
	size_t i;

	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (!strcmp(name, wanted[i]))
			return 1;
	for (; *more; more++)
		if (!strcmp(name, *more))
			return 1;
	return 0;
}

/* "ffffffff81000000 T name [module]": Documentation of kernel/kallsyms.c, s_show(). */
static int symbols(char **more)
{
	char line[1024], address[20], type[2], name[512], module[64];
	FILE *kallsyms = fopen("/proc/kallsyms", "re");
	int error = 0;

	if (!kallsyms)
		return record_failure("open /proc/kallsyms", errno);
	while (fgets(line, sizeof(line), kallsyms)) {
		int fields = sscanf(line, "%19s %1s %511s [%63[^]]", address, type, name, module);

		if (fields == 4 && !strcmp(module, "dm_mod"))
			error |= record_symbol(address, type, name, module);
		else if (fields == 3 && is_wanted(name, more))
			error |= record_symbol(address, type, name, "");
	}
	if (ferror(kallsyms))
		error = record_failure("read /proc/kallsyms", EIO);
	fclose(kallsyms);
	return error;
}

/* "dm_mod 184320 0 - Live 0xffffffffc0231000 (O)": kernel/module/procfs.c, m_show(). */
static int modules(void)
{
	char line[1024], name[64], address[24], taint[16];
	FILE *list = fopen("/proc/modules", "re");
	int error = 0;

	if (!list)
		return record_failure("open /proc/modules", errno);
	while (fgets(line, sizeof(line), list)) {
		unsigned long size;
		int refcount, fields;

		taint[0] = '\0';
		fields = sscanf(line, "%63s %lu %d %*s %*s 0x%23s %15s", name, &size, &refcount,
				address, taint);
		if (fields >= 4)
			error |= record_module(name, size, refcount, address, taint);
	}
	fclose(list);
	return error;
}

static int sections(void)
{
	char path[512], address[24];
	struct dirent *entry;
	DIR *directory = opendir(SECTIONS);
	int error = 0;

	if (!directory)
		return record_failure("opendir " SECTIONS, errno);
	while ((entry = readdir(directory))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		snprintf(path, sizeof(path), SECTIONS "/%s", entry->d_name);
		if (read_file(path, address, sizeof(address)) < 2)
			error |= record_failure(path, EIO);
		else
			error |= record_section("dm_mod", entry->d_name, address + 2); /* 0x */
	}
	closedir(directory);
	return error;
}

int layout_main(int argc, char **argv)
{
	return symbols(argv + (argc > 0)) | modules() | sections() ? 1 : 0;
}
