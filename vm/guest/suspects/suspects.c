// SPDX-License-Identifier: GPL-2.0-only
#include <stddef.h>
#include <string.h>

#include "suspects/dm_mod/dm_mod.h"
#include "suspects/dmrace_planted/dmrace_planted.h"
#include "suspects/suspect.h"

static const struct suspect *const suspects[] = {
	&dm_mod,
	&dmrace_planted,
};

const struct suspect *find_suspect(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(suspects) / sizeof(suspects[0]); i++)
		if (!strcmp(name, suspects[i]->name))
			return suspects[i];
	return NULL;
}
