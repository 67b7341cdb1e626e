// SPDX-License-Identifier: GPL-2.0-only
/*
 * layout SUSPECT SYMBOL... - where the suspect's module lies while it is loaded: its symbols,
 * sections and place, and the named symbols of vmlinux and of other modules
 *
 * After the unload nothing else can name an address in the module.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/guest.h"
#include "record-kinds.h"
#include "suspects/suspect.h"

static int is_wanted(const char *name, char **wanted)
{
	for (; *wanted; wanted++)
		if (!strcmp(name, *wanted))
			return 1;
	return 0;
}

/* "ffffffff81000000 T name [module]": Documentation of kernel/kallsyms.c, s_show(). */
static int symbols(const char *wanted_module, char **wanted)
{
	char line[1024], address[20], type[2], name[512], module[64];
	FILE *kallsyms = fopen("/proc/kallsyms", "re");
	int error = 0;

	if (!kallsyms)
		return record_failure("open /proc/kallsyms", errno);
	while (fgets(line, sizeof(line), kallsyms)) {
		int fields = sscanf(line, "%19s %1s %511s [%63[^]]", address, type, name, module);

		if (fields == 4 && !strcmp(module, wanted_module))
			error |= record_symbol(address, type, name, module);
		else if (fields >= 3 && is_wanted(name, wanted))
			error |= record_symbol(address, type, name, fields == 4 ? module : "");
	}
	if (ferror(kallsyms))
		error = record_failure("read /proc/kallsyms", EIO);
	fclose(kallsyms);
	return error;
}

/* "NAME 184320 0 - Live 0xffffffffc0231000 (O)": kernel/module/procfs.c, m_show(). */
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

static int sections(const char *module)
{
	char folder[96], path[384], address[24];
	struct dirent *entry;
	DIR *directory;
	int error = 0;

	snprintf(folder, sizeof(folder), "/sys/module/%s/sections", module);
	directory = opendir(folder);
	if (!directory)
		return record_failure(folder, errno);
	while ((entry = readdir(directory))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (read_file(path, address, sizeof(address)) < 2)
			error |= record_failure(path, EIO);
		else
			error |= record_section(module, entry->d_name, address + 2); /* 0x */
	}
	closedir(directory);
	return error;
}

int layout_main(int argc, char **argv)
{
	const struct suspect *suspect = argc > 1 ? find_suspect(argv[1]) : NULL;

	if (!suspect)
		return record_failed("layout: unknown suspect", EINVAL, argc > 1 ? argv[1] : ""), 2;
	return symbols(suspect->module, argv + 2) | modules() | sections(suspect->module) ? 1 : 0;
}
