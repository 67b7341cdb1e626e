// SPDX-License-Identifier: GPL-2.0-only
import { readFileSync } from 'node:fs';
import { readRecords } from '../../../harness/evidence/records.js';
import type { Finding } from '../../../harness/model/finding.js';
import type { Placement } from '../../../harness/model/placement.js';
import type { GuestRecord } from '../../../harness/model/record.js';
import type { TrialEnd, TrialFiles, TrialResult } from '../../../harness/model/trial.js';
import { assets } from '../../../harness/util/assets.js';

/** Nonces of the captures; see test/fixtures/runs/README.md. */
export const NONCE: Readonly<Record<Placement, string>> = {
  builtin: '0123456789abcdef'.repeat(2),
  'in-module': 'fedcba9876543210'.repeat(2),
};

const read = (placement: Placement, name: string): Buffer =>
  readFileSync(assets('test/fixtures/runs', placement, name));

/** A real trial as it left the guest. */
export function capture(placement: Placement): TrialFiles {
  return {
    note: {
      schema: 1,
      plan: {
        placement,
        index: 0,
        seed: 1,
        nonce: NONCE[placement],
        scenario: 'release',
        yieldAfter: 0,
      },
      end: { how: 'closing' },
      durationMs: 6000,
      start: 'booted',
    },
    console: read(placement, 'console.log'),
    readyRecords: read(placement, 'ready-records.jsonl').toString(),
    records: read(placement, 'records.jsonl').toString(),
    trace: read(placement, 'trace.txt').toString(),
  };
}

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

/** A judged trial, good unless told otherwise. */
export function result(overrides: Partial<TrialResult> = {}): TrialResult {
  return {
    placement: 'builtin',
    index: 0,
    seed: 1,
    outcome: 'survived',
    reached: true,
    steps: [],
    findings: [],
    reasons: [],
    provenance: null,
    durationMs: 1,
    hashes: { console: '', trace: '', records: '' },
    ...overrides,
  };
}

/** A control that did its duty. */
export const crashedControl = (index = 0): TrialResult =>
  result({
    placement: 'in-module',
    index,
    outcome: 'crashed',
    findings: [finding('release-in-unloaded-text')],
  });
