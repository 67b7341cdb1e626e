// SPDX-License-Identifier: MIT
import { HOLDER_C, HOLDER_MAKEFILE } from './holder.js';
import type { Reproducer, ReproducerFile, ReproducerPlan } from './plan.js';
import { readme } from './readme.js';
import { reproduceScript } from './shell.js';

const plain = (text: string): ReproducerFile => ({ text, executable: false });

/**
 * A self-contained reproducer: a script, a README with the expected report, and where somebody has to
 * hold a reference one small C program with its Makefile. Pure; one writer for all.
 */
export const reproducerOf = (plan: ReproducerPlan): Reproducer =>
  new Map<string, ReproducerFile>([
    ['README.md', plain(readme(plan))],
    ['reproduce.sh', { text: reproduceScript(plan), executable: true }],
    ...[...plan.scripts].map(
      ([name, text]) => [name, { text, executable: text.startsWith('#!') }] as const,
    ),
    ...(plan.hold === null
      ? []
      : ([
          ['holder.c', plain(HOLDER_C)],
          ['Makefile', plain(HOLDER_MAKEFILE)],
        ] as const)),
  ]);
