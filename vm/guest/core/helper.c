// SPDX-License-Identifier: GPL-2.0-only
/* References on kobjects, through the helper module. */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/guest.h"

/* On the kobject of a directory of sysfs; the open file @helper owns it until it drops it. */
int hold_kobject(int helper, const char *directory, struct dmrace_hold *held)
{
	int error;

	*held = (struct dmrace_hold) { 0 };
	held->fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (held->fd < 0)
		return record_failure(directory, errno);
	error = ioctl(helper, DMRACE_HOLD, held) ? errno : 0;
	close(held->fd);
	return error ? record_failure("DMRACE_HOLD", error) : 0;
}
