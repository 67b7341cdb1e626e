// SPDX-License-Identifier: MIT
import type { Fault, PlantedVisit } from '../../model/audit.js';
import { ExerciseFile } from '../../model/exercise.js';
import type { GuestNumbers, MadeVisit, VisitWish } from './visit-once.js';
import type { VisitRig } from './visit-rig.js';
import { makeVisits } from './visits.js';

const MODULE = 'dmrace_mistake';

/** The mistakes that vm/audit/planted/dmrace_mistake.c knows, by the fault that each must show. */
export const MISTAKES = [
  'ktype',
  'object-in-module',
  'class-release',
  'device-release',
  'rcu-callback',
  'timer',
  'work',
  'thread',
] as const satisfies readonly Fault[];

interface Planted {
  readonly mistake: Fault;
  readonly twin: boolean;
}

const nameOf = ({ mistake, twin }: Planted): string => `planted-${mistake}${twin ? '-twin' : ''}`;

const PLANTED: readonly Planted[] = MISTAKES.flatMap((mistake) => [
  { mistake, twin: false },
  { mistake, twin: true },
]);

function wishOf(planted: Planted): VisitWish {
  const { mistake, twin } = planted;
  const exercise = {
    ...ExerciseFile.parse({
      module: MODULE,
      title: `${twin ? 'the correct twin of' : 'the planted mistake'} ${mistake}`,
      parameters: `mistake=${mistake} twin=${twin ? 1 : 0}`,
    }),
    name: nameOf(planted),
    family: 'planted',
  };
  return { module: MODULE, exercise };
}

/** The control of an audit: every planted mistake and its twin, in the same guests as the modules. */
export async function* visitPlanted(
  rig: VisitRig,
  options: { readonly jobs: number; readonly signal: AbortSignal },
  numbers: GuestNumbers,
): AsyncGenerator<{ readonly planted: PlantedVisit; readonly made: MadeVisit }> {
  const wishes = PLANTED.map(wishOf);
  const visits = makeVisits(rig, wishes, { ...options, kind: 'watch', settleMs: 0 }, numbers);
  for await (const made of visits) {
    const planted = PLANTED.find((one) => nameOf(one) === made.wish.exercise?.name);
    if (planted) yield { planted: { ...planted, visit: made.visit }, made };
  }
}
