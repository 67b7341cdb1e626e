// SPDX-License-Identifier: MIT
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { summarise } from '../../../harness/judge/summary.js';
import type { Cause } from '../../../harness/model/finding.js';
import { OUTCOMES } from '../../../harness/model/outcome.js';
import type { TrialResult } from '../../../harness/model/trial.js';
import { wholeNote } from '../../../harness/runs/merge.js';
import type { RunNote } from '../../../harness/runs/run-note.js';
import { questionOf } from '../../../harness/runs/saved-run.js';
import { isMine } from '../../../harness/runs/shard.js';
import { finding, result } from '../judge/support.js';

const NOTE: RunNote = {
  schema: 1,
  dmrace: '0.1.0',
  startedAt: '2026-11-24T00:00:00Z',
  scenario: 'release',
  trials: 6,
  placements: ['builtin', 'in-module'],
  kernel: {
    spec: 'debian',
    release: '6.1.0',
    arch: 'x86_64',
    preempt: 'PREEMPT',
    configSha256: '00',
    version: '6.1',
  },
  accel: 'tcg',
  known: null,
  codes: {},
  seed: 1,
  end: { how: 'complete' },
};
const shard = (number: number, of: number, changes: Partial<RunNote> = {}): RunNote => ({
  ...NOTE,
  ...changes,
  shard: { number, of },
});

describe('shards', () => {
  it('together are the run', () => {
    expect(wholeNote([shard(2, 2), shard(1, 2)])).toEqual(NOTE);
  });

  it('are one run’s, each once, and are shards', () => {
    const other = { ...NOTE.kernel, release: '6.12.0' };
    expect(() => wholeNote([shard(1, 2), shard(2, 2, { kernel: other })])).toThrow(
      /kernel release was 6\.1\.0, now it is 6\.12\.0/,
    );
    expect(() => wholeNote([shard(1, 2), shard(2, 2, { seed: 9 })])).toThrow(/seed was 1/);
    expect(() => wholeNote([shard(1, 2), shard(2, 3)])).toThrow(/shard was 1\/2, now it is 1\/3/);
    expect(() => wholeNote([shard(1, 2), shard(1, 2)])).toThrow(/shard 1 of 2 is given twice/);
    expect(() => wholeNote([NOTE])).toThrow(/is no shard/);
  });

  it('one that was interrupted makes the whole an interrupted one', () => {
    const { end: _, ...killed } = shard(2, 2);
    expect(wholeNote([shard(1, 2), killed]).end).toEqual({ how: 'interrupted' });
  });
});

const causes: Cause[] = ['release-in-unloaded-text', 'disk-release-fops', 'other'];
const trial = fc.record({
  outcome: fc.constantFrom(...OUTCOMES),
  cause: fc.constantFrom(...causes),
});

it('the verdict of shards put together, in any order, is that of the whole', () => {
  fc.assert(
    fc.property(
      fc.array(trial, { minLength: 12, maxLength: 12 }),
      fc.integer({ min: 1, max: 7 }),
      fc.infiniteStream(fc.nat()),
      (drawn, of, random) => {
        const all = drawn.map(({ outcome, cause }, n): TrialResult => {
          const findings = outcome === 'crashed' ? [finding(cause)] : [];
          return result({
            placement: n % 2 === 0 ? 'builtin' : 'in-module',
            index: n >> 1,
            outcome,
            findings,
            reached: outcome === 'survived' || outcome === 'crashed',
            reasons: outcome === 'lost' ? ['lost'] : [],
          });
        });
        const notes = Array.from({ length: of }, (_, i) => shard(i + 1, of));
        const parts = notes.map((note) => all.filter((one) => isMine(one, note.shard ?? null)));
        const keys = new Map(parts.map((part) => [part, random.next().value]));
        const merged = parts.toSorted((a, b) => (keys.get(a) ?? 0) - (keys.get(b) ?? 0)).flat();
        const whole = wholeNote(notes);
        const judged = (note: RunNote, trials: readonly TrialResult[]) =>
          summarise({
            question: questionOf(note),
            kernel: note.kernel,
            trials,
            codes: {},
            problems: [],
            known: null,
            notes: [],
          });
        expect(judged(whole, merged)).toEqual(judged(NOTE, all));
      },
    ),
  );
});
