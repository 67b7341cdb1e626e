/* SPDX-License-Identifier: GPL-2.0-only */
/* The ways to race. */
#ifndef DMRACE_RECIPE_H
#define DMRACE_RECIPE_H

#include "core/trial.h"
#include "suspects/suspect.h"

/*
 * struct recipe - one way to race
 * @name:    as the command of a trial names it
 * @set_up:  PREPARE of /etc/dmrace.conf: the guest that it runs in
 * @prepare: what is started before the guest is ready; may be NULL, may be called again
 * @run:     one trial, all of it in records
 */
struct recipe {
	const char *name;
	const char *set_up;
	int (*prepare)(const struct suspect *suspect);
	int (*run)(const struct trial *trial, const struct suspect *suspect);
};

/* NULL: there is none of that name. */
const struct recipe *find_recipe(const char *name);

/* Prepares all recipes of a set-up; what went wrong is in the records. */
void prepare_recipes(const char *set_up, const struct suspect *suspect);

int race_prepare(const struct suspect *suspect);
int release_return(const struct trial *trial, const struct suspect *suspect);
int sweep(const struct trial *trial, const struct suspect *suspect);
int delayed(const struct trial *trial, const struct suspect *suspect);
int soak(const struct trial *trial, const struct suspect *suspect);

#endif
