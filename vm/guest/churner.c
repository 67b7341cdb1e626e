// SPDX-License-Identifier: GPL-2.0-only
/* The churner of a soak, SCHED_FIFO: one life of a device and of dm_mod after the other. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "dm.h"
#include "guest.h"
#include "record-kinds.h"
#include "soak.h"

#define PRIORITY	50
#define READ_MS		200
#define SECTIONS	"/sys/module/dm_mod/sections/"
#define PLACES		64	/* as many different places of the module are reported */

/* A place of the module in memory: where its text and its read-only data begin. */
struct place {
	char text[24], rodata[24];
};

/* Retries what may be busy for a moment; 0, or -1 after a record. */
static int patiently(struct soak *soak, const char *what, int (*attempt)(void *), void *data)
{
	long long until = now_us() + STUCK_MS * 1000LL;
	int error;

	while ((error = attempt(data)) == -EBUSY || error == -EAGAIN) {
		if (now_us() > until)
			break;
		soak->busy++;
		usleep(1000);
	}
	return error ? record_failure(what, -error) : 0;
}

/* Where a misc device's node is gone with its module and not made again, it is made here. */
static int control(void)
{
	int fd = dm_open();

	if (fd != -ENOENT)
		return fd < 0 ? record_failure("open /dev/mapper/control", -fd) : fd;
	if (mknod("/dev/mapper/control", S_IFCHR | 0600, makedev(10, 236)))
		return record_failure("mknod /dev/mapper/control", errno);
	fd = dm_open();
	return fd < 0 ? record_failure("open /dev/mapper/control", -fd) : fd;
}

struct removal {
	int control;
	struct dm_request *request;
	const char *name;
};

static int try_remove(void *data)
{
	struct removal *removal = data;

	return dm_remove(removal->control, removal->request, removal->name);
}

static int try_unload(void *data)
{
	(void)data;
	return syscall(SYS_delete_module, "dm_mod", O_NONBLOCK) ? -errno : 0;
}

static int load_module(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), error;

	if (fd < 0)
		return record_failure("open dm-mod.ko", errno);
	error = syscall(SYS_finit_module, fd, "", 0) ? errno : 0;
	close(fd);
	return error ? record_failure("finit_module dm-mod.ko", error) : 0;
}

static int all_read(const struct soak *soak, const long long *before)
{
	int i;

	for (i = 0; i < READERS; i++)
		if (soak->reads[i] == before[i])
			return 0;
	return 1;
}

/*
 * Until every reader is at the device's attributes: a life so short that none of them saw it would
 * try nothing. Bounded, because readers have the CPU only when nobody else wants it.
 */
static void await_readers(struct soak *soak, const long long *before)
{
	long long until = now_us() + READ_MS * 1000LL;

	while (!all_read(soak, before) && now_us() < until)
		usleep(500);
}

static int live(struct soak *soak, int fd)
{
	struct dm_request request;
	struct removal removal = { fd, &request, soak->device };
	long long before[READERS];
	int i;

	for (i = 0; i < READERS; i++)
		before[i] = soak->reads[i];
	soak->phase = "create";
	if (dm_create(fd, &request, soak->device) ||
	    dm_load_table(fd, &request, soak->device, 2048) ||
	    dm_resume(fd, &request, soak->device))
		return -1;
	soak->phase = "reload";
	if (dm_load_table(fd, &request, soak->device, 4096))
		return -1;
	soak->phase = "suspend";
	if (dm_suspend(fd, &request, soak->device))
		return -1;
	soak->phase = "resume";
	if (dm_resume(fd, &request, soak->device))
		return -1;
	soak->phase = "read";
	await_readers(soak, before);
	soak->phase = "remove";
	return patiently(soak, "DM_DEV_REMOVE", try_remove, &removal);
}

/* A crash names addresses only, so each place of dm_mod is on record before anything runs there. */
static int report_place(struct soak *soak)
{
	static struct place seen[PLACES];
	struct place place;
	int i;

	if (read_file(SECTIONS ".text", place.text, sizeof(place.text)) < 0 ||
	    read_file(SECTIONS ".rodata", place.rodata, sizeof(place.rodata)) < 0)
		return record_failure("read the sections of dm_mod", EIO);
	for (i = 0; i < PLACES && seen[i].text[0]; i++)
		if (!strcmp(seen[i].text, place.text) && !strcmp(seen[i].rodata, place.rodata))
			return 0;
	soak->moves++;
	if (i == PLACES)
		return 0;
	seen[i] = place;
	return record_moved("dm_mod", place.text + 2, place.rodata + 2); /* 0x */
}

static int cycle(struct soak *soak)
{
	long long start;
	int fd = control(), error;

	if (fd < 0)
		return -1;
	error = live(soak, fd);
	close(fd);
	if (error)
		return error;

	soak->phase = "unload";
	start = now_us();
	if (patiently(soak, "unload dm_mod", try_unload, NULL))
		return -1;
	if (!soak->cycles && record_unload(getpid(), "dm_mod", 0, 0, start, now_us(), 0))
		return -1;
	soak->phase = "load";
	if (load_module(soak->module) || report_place(soak))
		return -1;
	soak->cycles++;
	return 0;
}

int churner(struct soak *soak)
{
	int error = become(SCHED_FIFO, PRIORITY);

	if (error)
		return record_failure("SCHED_FIFO for the churner", -error), 1;
	if (record_party("churner", getpid()) || report_place(soak))
		return 1;
	while (!soak->stop)
		if (cycle(soak))
			return 1;
	return 0;
}
