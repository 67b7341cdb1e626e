// SPDX-License-Identifier: GPL-2.0-only
/* A module: who uses it, its unload, its load. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/guest.h"

int module_refcount(const char *module)
{
	char path[96], text[16];

	snprintf(path, sizeof(path), "/sys/module/%s/refcnt", module);
	return read_file(path, text, sizeof(text)) > 0 ? atoi(text) : -1;
}

/* O_NONBLOCK: a module in use is an error, never a wait. */
int unload_module(const char *module)
{
	return syscall(SYS_delete_module, module, O_NONBLOCK) ? -errno : 0;
}

int load_module(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC), error;

	if (fd < 0)
		return record_failure(file, errno);
	error = syscall(SYS_finit_module, fd, "", 0) ? errno : 0;
	close(fd);
	return error ? record_failure("finit_module", error) : 0;
}
