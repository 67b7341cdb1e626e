// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { readRecords } from '../../../harness/evidence/records.js';
import type { Finding } from '../../../harness/model/finding.js';
import type { COMPARED_PLACEMENTS, Placement } from '../../../harness/model/placement.js';
import type { RecipeName } from '../../../harness/model/recipe.js';
import type { GuestRecord } from '../../../harness/model/record.js';
import { roleOf } from '../../../harness/model/role.js';
import {
  type PlanOf,
  type ResultOf,
  resultsOf,
  type TrialEnd,
  type TrialFiles,
  type TrialNote,
  type TrialResult,
} from '../../../harness/model/trial.js';
import { NoteJson, noteFromJson } from '../../../harness/runs/plan-json.js';
import { assets } from '../../../harness/util/assets.js';

/** The captures' placements. */
type Captured = (typeof COMPARED_PLACEMENTS)[number];

/** Nonces of the captures; see test/fixtures/runs/README.md. */
export const NONCE: Readonly<Record<Captured, string>> = {
  builtin: '0123456789abcdef'.repeat(2),
  'in-module': 'fedcba9876543210'.repeat(2),
};

function nonceOf(placement: Placement): string {
  const nonce = new Map<Placement, string>(Object.entries(NONCE) as [Captured, string][]).get(
    placement,
  );
  if (nonce === undefined) throw new Error(`there is no capture of ${placement}`);
  return nonce;
}

const read = (name: string, file: string): Buffer =>
  readFileSync(assets('test/fixtures/runs', name, file));

/** The plan of a capture. */
export const capturePlan = (placement: Placement): PlanOf<'release-return'> => ({
  recipe: 'release-return',
  placement,
  index: 0,
  seed: 1,
  nonce: nonceOf(placement),
  scenario: 'release',
});

/** A real trial as it left the guest. */
export function capture(placement: Placement): TrialFiles {
  return {
    note: {
      plan: capturePlan(placement),
      end: { how: 'closing' },
      durationMs: 6000,
      start: 'booted',
      tie: null,
    },
    ...evidence(placement),
  };
}

const evidence = (name: string): Omit<TrialFiles, 'note'> => ({
  console: read(name, 'console.log'),
  readyRecords: read(name, 'ready-records.jsonl').toString(),
  records: read(name, 'records.jsonl').toString(),
  trace: read(name, 'trace.txt').toString(),
});

/** The note of a trial that was kept with one; see test/fixtures/runs/README.md. */
export function keptNote(name: string): TrialNote {
  const text = read(name, 'trial.json').toString();
  const { seals: _, ...json } = JSON.parse(text);
  const note = noteFromJson(NoteJson.parse(json), text);
  if (typeof note === 'string') throw new Error(note);
  return note;
}

/** A real trial that was kept with its note. */
export const kept = (name: string): TrialFiles => ({ note: keptNote(name), ...evidence(name) });

/** Replaces what must be there: a mutation that changes nothing is a mistake of the test. */
export function mutated(text: string, from: string | RegExp, to: string): string {
  const result = text.replace(from, to);
  if (result === text) throw new Error(`the mutation ${String(from)} changes nothing`);
  return result;
}

/** The same files with a trace of another content, and a closing record that agrees with it. */
export function withTrace(files: TrialFiles, trace: string): TrialFiles {
  return {
    ...files,
    trace,
    records: files.records.replace(/"traceBytes":\d+/, `"traceBytes":${Buffer.byteLength(trace)}`),
  };
}

export function withEnd(files: TrialFiles, end: TrialEnd): TrialFiles {
  return { ...files, note: { ...files.note, end } };
}

/** All records of a trial, parsed. */
export function recordsOfTrial(files: TrialFiles): GuestRecord[] {
  return [...readRecords(files.readyRecords).records, ...readRecords(files.records).records];
}

export function finding(cause: Finding['cause'], title = `crash by ${cause}`): Finding {
  return {
    kind: 'page-fault',
    title,
    function: '',
    line: 1,
    lastLine: 2,
    head: title,
    frames: [],
    state: { is: 'complete' },
    cause,
    text: [],
  };
}

/** A judged trial of the ten steps, good unless told otherwise. */
export function result(
  overrides: Partial<ResultOf<'release-return'>> = {},
): ResultOf<'release-return'> {
  return {
    recipe: 'release-return',
    placement: 'builtin',
    role: roleOf(overrides.placement ?? 'builtin'),
    index: 0,
    seed: 1,
    scenario: 'release',
    outcome: 'survived',
    reached: true,
    steps: [],
    findings: [],
    reasons: [],
    provenance: null,
    neverReady: false,
    durationMs: 1,
    hashes: { console: '', trace: '', records: '' },
    contradicted: false,
    ...overrides,
  };
}

/** A judged trial of delayed-release, good unless told otherwise. */
export const delayedResult = (
  overrides: Partial<ResultOf<'delayed'>> = {},
): ResultOf<'delayed'> => ({
  ...result(),
  recipe: 'delayed',
  scenario: 'delayed-release',
  delays: [],
  ...overrides,
});

/** A result of a recipe. @throws Error when it is of another. */
export function ofRecipe<R extends RecipeName>(recipe: R, judged: TrialResult): ResultOf<R> {
  const [mine] = resultsOf(recipe, [judged]);
  if (!mine) throw new Error(`a result of ${judged.recipe}, not of ${recipe}`);
  return mine;
}

/** A control that did its duty. */
export const crashedControl = (index = 0): ResultOf<'release-return'> =>
  result({
    placement: 'in-module',
    index,
    outcome: 'crashed',
    findings: [finding('release-in-unloaded-text')],
  });
