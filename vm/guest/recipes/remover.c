// SPDX-License-Identifier: GPL-2.0-only
/*
 * The remover, SCHED_FIFO above everybody: removes the object by the suspect's own program, then
 * unloads the module. Steps 2, 3, 4, 8 and 9 are its. Then it reports them.
 */
#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "core/guest.h"
#include "record-kinds.h"
#include "recipes/party.h"

/*
 * The window, as far as it has come: its records, and its trace with its size. The load still
 * keeps the holder off the CPU, so all of this is said before step 10, which may be the last thing
 * that this kernel does: where the text of an unloaded module stays mapped and is filled with int3,
 * the crash is a panic (x86-64 since v6.15, docs/kernels.md).
 */
static int report_window(struct race *race)
{
	int error;

	error = record_removed(race->removal, race->removal_status, race->removed_us) |
		record_unload(race->remover, race->suspect->module, race->unload_error,
			      race->refcount, race->unload_us, race->unloaded_us,
			      race->holder_returned);
	return error | send_window(race->trial.nonce);
}

int remover(struct race *race)
{
	const struct suspect *suspect = race->suspect;
	int error = become(SCHED_FIFO, REMOVER_PRIORITY);
	char order;

	if (error)
		return record_failure("SCHED_FIFO for the remover", -error), 1;
	race->removal = start_held(suspect->remover, suspect->remover_words, suspect->control);
	if (race->removal < 0 || send_byte(race->ready[1]))
		return 1;

	/* However long: a saved guest waits here for its trial. */
	while (read(race->remove[0], &order, 1) < 0)
		if (errno != EINTR)
			return record_failure("wait for the order to remove", errno), 1;
	if (let_go(race->removal))
		return 1;
	error = wait_child(race->removal, &race->removal_status);
	if (error)
		return record_failure("wait for the removal", -error), 1;
	race->removed_us = now_us();
	race->refcount = module_refcount(suspect->module);

	/* Step 9. */
	race->unload_us = now_us();
	race->unload_error = -unload_module(suspect->module);
	race->holder_returned = race->returned_us != 0;
	race->unloaded_us = now_us();
	error = report_window(race);
	race->unload_done = 1;
	if (race->gate)
		error |= send_byte(race->unloaded[1]);
	return error ? 1 : 0;
}
