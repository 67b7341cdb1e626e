// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stops the virtual machine from inside, at an instruction instead of at a moment of the host, and
 * prints the command with which it goes on. A deterministic guest is saved in between, so that the
 * saved state is always the same and the command is there at its first instruction.
 *
 * QEMU pauses at a write to its pvpanic device (docs/specs/pvpanic.txt of QEMU 7.2, bit 0; -action
 * panic=pause). The command is a file of its fw_cfg device (docs/specs/fw_cfg.txt): a port answers
 * the very instruction that reads it, while bytes on a virtio port come when the host has time.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/guest.h"

#ifdef __x86_64__
#include <sys/io.h>

#define PVPANIC_PORT		0x505
#define PVPANIC_PANICKED	1
#define FW_CFG_SELECTOR		0x510
#define FW_CFG_DATA		0x511
#define FW_CFG_FILE_DIR		0x19
#define FW_CFG_FILES		1024	/* more than QEMU has */
#define COMMAND_FILE		"opt/dmrace/command"
#define COMMAND_SIZE		4096

/* Big endian, byte by byte. */
static unsigned int next(int bytes)
{
	unsigned int value = 0;

	while (bytes--)
		value = value << 8 | inb(FW_CFG_DATA);
	return value;
}

static int print_file(unsigned int selector, unsigned int size)
{
	outw(selector, FW_CFG_SELECTOR);
	while (size--)
		if (putchar(inb(FW_CFG_DATA)) == EOF)
			return record_failure("print the command", EIO), 1;
	return putchar('\n') == EOF || fflush(stdout) ? 1 : 0;
}

int pause_main(int argc, char **argv)
{
	unsigned int files, i;

	(void)argc;
	(void)argv;
	if (ioperm(PVPANIC_PORT, 1, 1) || ioperm(FW_CFG_SELECTOR, 2, 1))
		return record_failure("ioperm of QEMU's ports", errno), 1;
	outb(PVPANIC_PANICKED, PVPANIC_PORT);

	outw(FW_CFG_FILE_DIR, FW_CFG_SELECTOR);
	files = next(4);
	for (i = 0; i < files && i < FW_CFG_FILES; i++) {
		unsigned int size = next(4), selector = next(2), j;
		char name[57] = "";

		next(2);
		for (j = 0; j < 56; j++)
			name[j] = inb(FW_CFG_DATA);
		if (!strcmp(name, COMMAND_FILE) && size < COMMAND_SIZE)
			return print_file(selector, size);
	}
	return record_failure("find " COMMAND_FILE " in fw_cfg", ENOENT), 1;
}
#else
int pause_main(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return record_failure("pause the machine", ENOSYS), 1;
}
#endif
