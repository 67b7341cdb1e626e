// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "core/guest.h"
#include "record-kinds.h"
#include "recipes/recipe.h"

static const struct recipe recipes[] = {
	{ "release-return", "race", race_prepare, release_return },
	{ "sweep", "race", race_prepare, sweep },
	{ "delayed", "watch", NULL, delayed },
	{ "soak", "watch", NULL, soak },
};

#define RECIPES	(sizeof(recipes) / sizeof(recipes[0]))

const struct recipe *find_recipe(const char *name)
{
	size_t i;

	for (i = 0; i < RECIPES; i++)
		if (!strcmp(name, recipes[i].name))
			return &recipes[i];
	return NULL;
}

void prepare_recipes(const char *set_up, const struct suspect *suspect)
{
	int known = 0;
	size_t i;

	for (i = 0; i < RECIPES; i++) {
		if (strcmp(set_up, recipes[i].set_up))
			continue;
		known = 1;
		if (recipes[i].prepare && recipes[i].prepare(suspect))
			return;
	}
	if (!known)
		record_failed("prepare: unknown set-up", EINVAL, set_up);
}
