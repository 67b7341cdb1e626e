/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DMRACE_DM_MOD_H
#define DMRACE_DM_MOD_H

#include "suspects/suspect.h"

extern const struct suspect dm_mod;

#endif
