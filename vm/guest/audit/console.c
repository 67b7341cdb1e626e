// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>

#include "audit/audit.h"
#include "core/guest.h"
#include "record-kinds.h"

/* KERN_ALERT, so that no loglevel keeps it back. */
void mark(const char *format, ...)
{
	char text[200];
	va_list arguments;
	int error;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	error = write_file("/dev/kmsg", "<1>dmrace: %s\n", text);
	if (error)
		record_failure("write /dev/kmsg", -error);
}
