/* SPDX-License-Identifier: GPL-2.0-only */
/* What the host asks of one trial. */
#ifndef DMRACE_TRIAL_H
#define DMRACE_TRIAL_H

/* The word `after`: the holder runs after the unload. No removal blocks so often. */
#define YIELD_AFTER_UNLOAD	1000000

struct trial {
	char nonce[40];
	long long seed;
	char scenario[64];	/* for the record; a recipe does not depend on it */
	int pin;		/* hold the object's parent for the life of the VM */
	long long yield_after;	/* let the holder run at this block of the removal; 0: no gate */
	long long ms;		/* how long a soak goes on */
	int end_poweroff;	/* the guest ends itself */
};

#endif
