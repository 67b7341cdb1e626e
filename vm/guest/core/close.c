// SPDX-License-Identifier: GPL-2.0-only
/* The last words of a trial: the closing record, a mark on the console, its trace. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/guest.h"
#include "record-kinds.h"

/*
 * What the race set off and nobody waits for, such as work behind an RCU grace period (some jiffies
 * of 4 ms on one CPU), gets this long to crash before the mark says that nothing more will come.
 */
#define GRACE_US	30000

int send_window(const char *nonce)
{
	char *trace = NULL;
	ssize_t bytes = read_trace(TRACE "/trace_pipe", &trace);
	long long lost = lost_events();
	int error = -1;

	if (bytes >= 0 && lost >= 0 && !send_trace(trace, bytes))
		error = record_window(nonce, bytes, lost);
	free(trace);
	return error;
}

int close_trial(const char *nonce)
{
	char *trace = NULL;
	ssize_t bytes;
	long long lost;
	int error;

	error = write_file(TRACE "/tracing_on", "0");
	if (error)
		record_failure("stop tracing", -error);
	bytes = read_trace(TRACE "/trace", &trace);
	lost = lost_events();
	usleep(GRACE_US);
	error = record_closing(nonce, bytes < 0 ? 0 : bytes, lost < 0 ? 0 : lost);

	/*
	 * Through the kernel's log, which is printed in order: when the host reads this, it has read
	 * all that the kernel logged before. KERN_ALERT, so that no loglevel keeps it back.
	 */
	if (write_file("/dev/kmsg", "<1>dmrace: closed %s\n", nonce))
		error = record_failure("write /dev/kmsg", EIO);
	/*
	 * After all else: the host reads it as slowly as it likes, and no time that the guest reports
	 * depends on that. The closing record says how long it is.
	 */
	if (bytes > 0 && send_trace(trace, bytes))
		error = -1;
	free(trace);
	return error;
}
