// SPDX-License-Identifier: GPL-2.0-only
/* The churner of a soak, SCHED_FIFO: one life of an object and of its module after the other. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/guest.h"
#include "record-kinds.h"
#include "recipes/soak.h"

#define PRIORITY	50
#define READ_MS		200
#define PLACES		64	/* as many different places of the module are reported */

/* A place of the module in memory: where its text and its read-only data begin. */
struct place {
	char text[24], rodata[24];
};

/* Whether to try again what was refused: it may be busy for a moment, which is over then. */
static int again(struct soak *soak, int error, long long until)
{
	if ((error != -EBUSY && error != -EAGAIN) || now_us() > until)
		return 0;
	soak->busy++;
	usleep(1000);
	return 1;
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
 * Until every reader is at the object's attributes: a life so short that none of them saw it would
 * try nothing. Bounded, because readers have the CPU only when nobody else wants it.
 */
static void await_readers(struct soak *soak, const long long *before)
{
	long long until = now_us() + READ_MS * 1000LL;

	while (!all_read(soak, before) && now_us() < until)
		usleep(500);
}

static int perform(struct soak *soak, const struct act *act, int control)
{
	long long until = now_us() + DEADLINE_MS * 1000LL;
	int error;

	do
		error = act->run(control);
	while (again(soak, error, until));
	return error < -1 ? record_failure(act->phase, -error) : error;
}

static int live(struct soak *soak, int control)
{
	long long before[READERS];
	const struct act *act;
	int i;

	for (i = 0; i < READERS; i++)
		before[i] = soak->reads[i];
	for (act = soak->suspect->life; act->phase; act++) {
		soak->phase = act->phase;
		if (!act->run)
			await_readers(soak, before);
		else if (perform(soak, act, control))
			return -1;
	}
	return 0;
}

static int unload(struct soak *soak)
{
	long long until = now_us() + DEADLINE_MS * 1000LL;
	int error;

	do
		error = unload_module(soak->suspect->module);
	while (again(soak, error, until));
	return error ? record_failure("unload the module", -error) : 0;
}

static int read_section(const struct soak *soak, const char *name, char *address, size_t size)
{
	char path[96];

	snprintf(path, sizeof(path), "/sys/module/%s/sections/%s", soak->suspect->module, name);
	return read_file(path, address, size) < 0 ? record_failure(path, EIO) : 0;
}

/* A crash names addresses only: each place of the module is on record before anything runs there. */
static int report_place(struct soak *soak)
{
	static struct place seen[PLACES];
	struct place place;
	int i;

	if (read_section(soak, ".text", place.text, sizeof(place.text)) ||
	    read_section(soak, ".rodata", place.rodata, sizeof(place.rodata)))
		return -1;
	for (i = 0; i < PLACES && seen[i].text[0]; i++)
		if (!strcmp(seen[i].text, place.text) && !strcmp(seen[i].rodata, place.rodata))
			return 0;
	soak->moves++;
	if (i == PLACES)
		return 0;
	seen[i] = place;
	return record_moved(soak->suspect->module, place.text + 2, place.rodata + 2); /* 0x */
}

static int cycle(struct soak *soak)
{
	const struct suspect *suspect = soak->suspect;
	int control = suspect->open_control(), error;
	long long start;

	if (control < 0)
		return -1;
	error = live(soak, control);
	close(control);
	if (error)
		return -1;

	soak->phase = "unload";
	start = now_us();
	if (unload(soak))
		return -1;
	if (!soak->cycles && record_unload(getpid(), suspect->module, 0, 0, start, now_us(), 0))
		return -1;
	soak->phase = "load";
	if (load_module(suspect->module_file) || report_place(soak))
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
