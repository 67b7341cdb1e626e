/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMRACE_PLANTED_SUSPECT_H
#define DMRACE_PLANTED_SUSPECT_H

#include "suspects/suspect.h"

extern const struct suspect dmrace_planted;

/* The program that removes its object, as dmsetup removes dm's. */
int planted_remove_main(int argc, char **argv);

#endif
