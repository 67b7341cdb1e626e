// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { CONFIDENCES, FAULTS, type Fault } from '../../model/audit.js';
import { FindingJson } from '../../report/run-result.js';

const FAULT_NAMES = Object.keys(FAULTS) as [Fault, ...Fault[]];
export const FaultJson = z.enum(FAULT_NAMES);

const Touched = z.union([
  z.strictObject({
    is: z.literal('gone'),
    module: z.string(),
    symbol: z.string(),
    how: z.enum(['fetch', 'access']),
  }),
  z.strictObject({ is: z.enum(['elsewhere', 'unknown']) }),
]);

/** A crash report that no cause was given to. */
const RawFindingJson = FindingJson.omit({ cause: true, known: true }).extend({ touched: Touched });

export const GonePlaceJson = z.strictObject({
  module: z.string(),
  offset: z.int(),
  symbol: z.string().optional(),
});

export const HolderJson = z.union([
  z.strictObject({ is: z.enum(['kernel', 'short']), who: z.string() }),
  z.strictObject({ is: z.enum(['debug-option', 'helper']) }),
]);

const ProofJson = z.strictObject({
  finding: RawFindingJson,
  place: GonePlaceJson,
  tainted: z.boolean(),
  times: z.int().nonnegative(),
  of: z.int().positive(),
  log: z.string().optional(),
});

/** `listed` and `hint` are words of files, never of a visit. */
const LIVE_WORDS = CONFIDENCES.filter((word) => word !== 'listed' && word !== 'hint');

const ObservationJson = z.strictObject({
  fault: FaultJson,
  word: z.enum(LIVE_WORDS),
  what: z.string(),
  place: GonePlaceJson,
  holder: HolderJson,
  proof: ProofJson.nullable(),
});

export const VisitEndJson = z.union([
  z.strictObject({ is: z.enum(['unloaded', 'waited', 'builtin']) }),
  z.strictObject({ is: z.enum(['not-loaded', 'not-unloaded', 'lost']), why: z.string() }),
  z.strictObject({ is: z.literal('exercise-failed'), command: z.string(), why: z.string() }),
  z.strictObject({ is: z.literal('nothing-appeared'), wanted: z.string() }),
]);

/** A visit as visits.jsonl has it. */
export const VisitJson = z.strictObject({
  module: z.string(),
  exercise: z.string().nullable(),
  guest: z.int().nonnegative(),
  end: VisitEndJson,
  usedGuestEnd: VisitEndJson.exactOptional(),
  objects: z.int().nonnegative(),
  callbacks: z.int().nonnegative(),
  observations: z.array(ObservationJson),
  durationMs: z.number().nonnegative(),
});

/** A static sign as static.json has it. */
const SignJson = z.union([
  z.strictObject({
    is: z.literal('method'),
    word: z.enum(['listed', 'hint']),
    member: z.string(),
    variable: z.string(),
    method: z.string(),
  }),
  z.strictObject({
    is: z.literal('import'),
    word: z.literal('hint'),
    sign: z.enum([
      'call-rcu-without-barrier',
      'timer-without-sync',
      'timer-never-deleted',
      'work-without-flush',
      'thread-without-stop',
      'hrtimer-without-cancel',
    ]),
    symbol: z.string(),
  }),
]);

/** What the static part says of one module, as static.json has it. */
export const StaticModuleJson = z.strictObject({
  module: z.string(),
  file: z.string(),
  signs: z.array(SignJson),
});
