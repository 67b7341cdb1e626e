/* SPDX-License-Identifier: GPL-2.0-only */
/* The parties of a soak and the page that they share. */
#ifndef DMRACE_SOAK_H
#define DMRACE_SOAK_H

#include <signal.h>

#include "suspects/suspect.h"

#define READERS		2

struct soak {
	const struct suspect *suspect;
	volatile sig_atomic_t stop;	/* the time is over: finish this cycle */

	/* Counted by the churner; `phase` is what it is at. */
	const char *volatile phase;
	volatile long long cycles, busy, moves;

	volatile long long reads[READERS];
};

/* Each is the whole life of one child process: it returns the exit status. */
int churner(struct soak *soak);
int reader(struct soak *soak, int number);
int soak_load(struct soak *soak);

#endif
