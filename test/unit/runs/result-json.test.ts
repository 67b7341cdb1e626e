// SPDX-License-Identifier: MIT
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeTrial } from '../../../harness/judge/trial.js';
import { OUTCOMES } from '../../../harness/model/outcome.js';
import { PLACEMENTS } from '../../../harness/model/placement.js';
import { roleOf } from '../../../harness/model/role.js';
import { SWEEP_PHASES, type SweepTrial } from '../../../harness/model/sweep.js';
import type { PlanOf, TrialPlan, TrialResult } from '../../../harness/model/trial.js';
import { ResultJson, resultFromJson, resultToJson } from '../../../harness/runs/result-json.js';
import { capture, delayedResult, finding, kept, result } from '../judge/support.js';

const NONCE = '0'.repeat(32);

/** The plan of a result. */
function planOf(of: TrialResult): TrialPlan {
  const { placement, index, seed, scenario } = of;
  const base = { placement, index, seed, scenario, nonce: NONCE };
  switch (of.recipe) {
    case 'sweep':
      return { ...base, recipe: 'sweep', yieldAfter: of.sweep.asked };
    case 'soak':
      return { ...base, recipe: 'soak', durationMs: 1 };
    case 'crash':
      return { ...base, recipe: 'crash', how: 'oops' };
    case 'delayed':
      return { ...base, recipe: 'delayed' };
    case 'release-return':
      return { ...base, recipe: 'release-return' };
  }
}

/** Through a file and back. */
const again = (one: TrialResult): TrialResult | null =>
  resultFromJson(ResultJson.parse(JSON.parse(JSON.stringify(resultToJson(one)))), planOf(one));

const SWEEP: SweepTrial = {
  asked: 2,
  blocks: [
    { number: 1, who: 'dmsetup', waitsIn: 'f', stack: ['f+0x1/0x2'], atUs: 5, phase: 'removal' },
  ],
  ranAt: 1,
  evidence: 'switch',
  missed: 'the holder ran at block 1, not at 2',
};
const CHURN = {
  cycles: 3,
  cyclesPerSecond: 1.5,
  reads: 4,
  busy: 0,
  moves: 1,
  elapsedMs: 2000,
  phase: 'load',
  over: true,
};
const RESULTS: readonly TrialResult[] = [
  result({ reasons: ['none'], neverReady: true, hashes: null }),
  result({ placement: 'in-module', outcome: 'crashed', findings: [finding('other')] }),
  { ...result(), recipe: 'sweep', sweep: SWEEP },
  { ...result(), recipe: 'sweep', sweep: { ...SWEEP, asked: 'after', ranAt: 'after' } },
  { ...result(), recipe: 'sweep', sweep: { ...SWEEP, ranAt: null, evidence: null } },
  { ...result(), recipe: 'soak', scenario: 'churn', churn: CHURN },
  { ...result(), recipe: 'soak', scenario: 'churn', churn: null },
  delayedResult({ delays: [{ kobject: 'dm', jiffies: 250 }] }),
  delayedResult(),
  { ...result(), recipe: 'crash', scenario: 'self-test' },
];

describe('a result in a file', () => {
  it.each([
    ['a crash without a report', { outcome: 'crashed' as const }],
    ['a report without a crash', { findings: [finding('other')] }],
    ['a lost trial that reached the window', { outcome: 'lost' as const, reasons: ['why'] }],
    ['a lost trial without a reason', { outcome: 'lost' as const, reached: false }],
  ])('that no judge gives is none: %s', (_, changes) => {
    const one = result(changes);
    expect(resultFromJson(ResultJson.parse(resultToJson(one)), planOf(one))).toBeNull();
  });

  it.each(RESULTS)('of $recipe comes back as it was (%#)', (one) => {
    expect(again(one)).toEqual(one);
  });

  it.each([
    ['builtin', capture('builtin')],
    ['in-module', capture('in-module')],
    ...['churn', 'delayed-crashed', 'delayed-survived', 'sid-in-module'].map(
      (name) => [name, kept(name)] as const,
    ),
  ] as const)('of the real trial %s comes back as it was', (_, files) => {
    const judged = judgeTrial(files);
    expect(again(judged)).toEqual(judged);
  });

  it('has the fields of version 0.1 and no others: no recipe, no role, no scenario', () => {
    const fields = RESULTS.map((one) => Object.keys(resultToJson(one)));
    const base = [
      ...['placement', 'index', 'seed', 'outcome', 'reached', 'steps', 'findings', 'reasons'],
      'provenance',
    ];
    const end = ['durationMs', 'hashes'];
    expect(fields).toEqual([
      [...base, 'neverReady', 'durationMs'],
      [...base, ...end],
      [...base, 'sweep', ...end],
      [...base, 'sweep', ...end],
      [...base, 'sweep', ...end],
      [...base, 'churn', ...end],
      [...base, ...end],
      [...base, 'delays', ...end],
      [...base, 'delays', ...end],
      [...base, ...end],
    ]);
  });

  it('has the number of version 0.1 for the point after the unload', () => {
    const after = RESULTS[3];
    expect(after && resultToJson(after)).toMatchObject({
      sweep: { asked: 1_000_000, ranAt: 'after' },
    });
  });

  it('is null when it is another trial’s, or lacks what its recipe has', () => {
    const plan: PlanOf<'release-return'> = {
      ...{ recipe: 'release-return', placement: 'builtin', index: 0, seed: 1 },
      ...{ nonce: NONCE, scenario: 'release' },
    };
    const read = ResultJson.parse(resultToJson(result()));
    expect(resultFromJson(read, plan)).toEqual(result());
    expect(resultFromJson(read, { ...plan, index: 1 })).toBeNull();
    expect(resultFromJson(read, { ...plan, placement: 'in-module' })).toBeNull();
    expect(resultFromJson(read, { ...plan, recipe: 'sweep', yieldAfter: 1 })).toBeNull();
  });

  it('of version 0.1, without hashes and delays, is read', () => {
    const { hashes: _, ...old } = resultToJson(result()) as Record<string, unknown>;
    const plan = planOf(delayedResult());
    expect(resultFromJson(ResultJson.parse(old), plan)).toEqual(delayedResult({ hashes: null }));
  });
});

const text = fc.string({ maxLength: 20 });
const nat = fc.nat({ max: 2 ** 31 });
const hash = fc.record({ console: text, trace: text, records: text });
const SEEN: ReadonlySet<string> = new Set(['survived', 'crashed']);
const any = fc
  .record({
    placement: fc.constantFrom(...PLACEMENTS),
    index: nat,
    seed: nat,
    outcome: fc.constantFrom(...OUTCOMES),
    reached: fc.boolean(),
    neverReady: fc.boolean(),
    reasons: fc.array(text, { maxLength: 3 }),
    steps: fc.array(
      fc.record({ step: fc.integer({ min: 1, max: 10 }), atUs: nat, evidence: text }),
    ),
    findings: fc.array(
      fc
        .constantFrom('other', 'disk-release-fops', 'release-in-unloaded-text')
        .map((cause) => finding(cause as 'other')),
      { minLength: 1, maxLength: 2 },
    ),
    durationMs: nat,
    hashes: fc.option(hash, { nil: null }),
  })
  .map((drawn) =>
    result({
      ...drawn,
      role: roleOf(drawn.placement),
      // As every judge says it; the reader takes nothing else, see below.
      findings: drawn.outcome === 'crashed' ? drawn.findings : [],
      reached: SEEN.has(drawn.outcome) && drawn.reached,
      reasons: SEEN.has(drawn.outcome) ? drawn.reasons : ['why', ...drawn.reasons],
    }),
  );
const point = fc.oneof(fc.integer({ min: 1, max: 999_999 }), fc.constant('after' as const));
const sweep = fc.record({
  asked: point,
  ranAt: fc.option(point, { nil: null }),
  evidence: fc.option(text, { nil: null }),
  missed: fc.option(text, { nil: null }),
  blocks: fc.array(
    fc.record({
      number: fc.integer({ min: 1, max: 99 }),
      who: fc.constantFrom('dmsetup' as const, 'remover' as const),
      waitsIn: text,
      stack: fc.array(text, { maxLength: 2 }),
      atUs: nat,
      phase: fc.constantFrom(...SWEEP_PHASES),
    }),
    { maxLength: 3 },
  ),
});
const judged: fc.Arbitrary<TrialResult> = fc.oneof(
  any,
  fc.tuple(any, sweep).map(([one, seen]) => ({ ...one, recipe: 'sweep' as const, sweep: seen })),
  fc
    .tuple(any, fc.array(fc.record({ kobject: text, jiffies: nat }), { maxLength: 3 }))
    .map(([one, delays]) => ({
      ...one,
      recipe: 'delayed' as const,
      scenario: 'delayed-release',
      delays,
    })),
  fc
    .tuple(any, fc.option(fc.constant(CHURN), { nil: null }))
    .map(([one, churn]) => ({ ...one, recipe: 'soak' as const, scenario: 'churn', churn })),
);

it('any result comes back from a file as it was', () => {
  fc.assert(
    fc.property(judged, (one) => {
      expect(again(one)).toEqual(one);
    }),
    { numRuns: 500 },
  );
});
