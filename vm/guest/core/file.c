// SPDX-License-Identifier: GPL-2.0-only
/* Small kernel files: a write that must be taken whole, a read of what fits. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "core/guest.h"

/* Returns 0, or -errno. */
int write_file(const char *path, const char *format, ...)
{
	char text[512];
	va_list arguments;
	ssize_t written;
	int length, error, fd;

	va_start(arguments, format);
	length = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t)length >= sizeof(text))
		return -EMSGSIZE;

	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	written = write(fd, text, length);
	error = written < 0 ? -errno : written < length ? -EIO : 0;
	if (close(fd) && !error)
		error = -errno;
	return error;
}

/* Reads at most size - 1 bytes, ends them with NUL, drops the last newline. Length or -errno. */
int read_file(const char *path, char *buffer, size_t size)
{
	ssize_t length;
	int fd;

	buffer[0] = '\0';
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	length = read(fd, buffer, size - 1);
	if (length < 0)
		length = -errno;
	close(fd);
	if (length < 0)
		return length;
	if (length && buffer[length - 1] == '\n')
		length--;
	buffer[length] = '\0';
	return length;
}
