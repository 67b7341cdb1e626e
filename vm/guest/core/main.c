// SPDX-License-Identifier: GPL-2.0-only
/*
 * dmrace-guest: the one program of ours in the guest, named by its first argument.
 *
 *	record KIND FIELD=VALUE...	write one record
 *	kthreads			give every kernel thread SCHED_FIFO
 *	layout SUSPECT SYMBOL...	report where the module lies, before it goes
 *	trial WORD...			run one trial
 *	serve [SET-UP SUSPECT COMMANDS]	wait for commands, run the trials among them
 *	audit [watch]			wait for visits of an audit, make them
 *	symbols NONCE			send the names of all functions
 *	pause				stop the virtual machine
 *	planted-remove			remove the planted control's object
 */
#include <stdio.h>
#include <string.h>

#include "core/guest.h"
#include "suspects/dmrace_planted/dmrace_planted.h"

static const struct {
	const char *name;
	int (*main)(int argc, char **argv);
} programs[] = {
	{ "record", record_main },
	{ "kthreads", kthreads_main },
	{ "layout", layout_main },
	{ "trial", trial_main },
	{ "serve", serve_main },
	{ "audit", audit_main },
	{ "symbols", symbols_main },
	{ "pause", pause_main },
	{ "planted-remove", planted_remove_main },
};

int main(int argc, char **argv)
{
	size_t i;

	if (argc < 2) {
		fprintf(stderr, "usage: dmrace-guest record|kthreads|layout|trial|serve|audit|symbols|pause|planted-remove ...\n");
		return 2;
	}

	for (i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (!strcmp(argv[1], programs[i].name))
			return programs[i].main(argc - 1, argv + 1);

	fprintf(stderr, "dmrace-guest: no program %s\n", argv[1]);
	return 2;
}
