// SPDX-License-Identifier: MIT
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { METHOD_HOMES, PLACEMENTS } from '../../../harness/model/placement.js';
import type { TrialNote, TrialPlan } from '../../../harness/model/trial.js';
import {
  NoteJson,
  noteFromJson,
  noteText,
  PlanJson,
  planFromJson,
  planToJson,
} from '../../../harness/runs/plan-json.js';

const BASE = { placement: 'builtin', index: 3, seed: 4, nonce: '0f'.repeat(16) } as const;
const PLANS: readonly TrialPlan[] = [
  { ...BASE, recipe: 'release-return', scenario: 'release' },
  { ...BASE, recipe: 'release-return', scenario: 'disk-release', methodHome: 'vmlinux' },
  { ...BASE, recipe: 'sweep', scenario: 'release', yieldAfter: 2 },
  { ...BASE, recipe: 'sweep', scenario: 'release', yieldAfter: 'after', methodHome: 'dm_mod' },
  { ...BASE, recipe: 'delayed', scenario: 'delayed-release' },
  { ...BASE, recipe: 'soak', scenario: 'churn', durationMs: 9000 },
];

/** Through a file and back. */
const again = (plan: TrialPlan): TrialPlan | string =>
  planFromJson(PlanJson.parse(JSON.parse(JSON.stringify(planToJson(plan)))));

/** A plan as version 0.1 and later wrote it. */
const json = (changes: Partial<PlanJson>): PlanJson =>
  PlanJson.parse({ ...BASE, scenario: 'release', yieldAfter: 0, ...changes });

describe('a plan in a file', () => {
  it.each(PLANS)('of $recipe comes back as it was ($scenario)', (plan) => {
    expect(again(plan)).toEqual(plan);
  });

  it('is of the form of version 0.1: yieldAfter is a number in every recipe', () => {
    expect(PLANS.map(planToJson)).toEqual([
      { ...BASE, scenario: 'release', yieldAfter: 0 },
      { ...BASE, scenario: 'disk-release', yieldAfter: 0, methodHome: 'vmlinux' },
      { ...BASE, scenario: 'release', yieldAfter: 2 },
      { ...BASE, scenario: 'release', yieldAfter: 1_000_000, methodHome: 'dm_mod' },
      { ...BASE, scenario: 'delayed-release', yieldAfter: 0 },
      { ...BASE, scenario: 'churn', yieldAfter: 0, durationMs: 9000 },
    ]);
  });

  it('of an older version is read', () => {
    expect(planFromJson(json({}))).toEqual(PLANS[0]);
    expect(planFromJson(json({ yieldAfter: 1_000_000 }))).toMatchObject({
      recipe: 'sweep',
      yieldAfter: 'after',
    });
    expect(planFromJson(json({ yieldAfter: 7 }))).toMatchObject({ recipe: 'sweep', yieldAfter: 7 });
    expect(planFromJson(json({ scenario: 'churn', durationMs: 1 }))).toMatchObject({
      recipe: 'soak',
      durationMs: 1,
    });
  });

  it.each([
    [{ scenario: 'audit' }, 'no scenario of this version is noted as "audit"'],
    [{ scenario: 'sweep' }, 'no scenario of this version is noted as "sweep"'],
    [
      { scenario: 'churn', yieldAfter: 2, durationMs: 1 },
      'no scenario of this version is noted as "churn" and swept',
    ],
    [{ scenario: 'churn' }, 'a soak without its duration'],
    // A crash on purpose is nobody's trial: none is kept.
    [{ scenario: 'self-test' }, 'no scenario of this version is noted as "self-test"'],
  ] as const)('that is none is a problem in words: %j', (changes, problem) => {
    expect(planFromJson(json(changes))).toBe(problem);
  });

  it.each([
    { yieldAfter: -1 },
    { yieldAfter: 'after' },
    { nonce: 'abc' },
    { placement: 'elsewhere' },
    { more: 1 },
  ])('that is malformed is none: %j', (changes) => {
    const whole = { ...BASE, scenario: 'release', yieldAfter: 0 };
    expect(PlanJson.safeParse(whole).success).toBe(true);
    expect(PlanJson.safeParse({ ...whole, ...changes }).success).toBe(false);
  });
});

const nat = fc.nat({ max: 2 ** 31 });
const base = fc.record(
  {
    placement: fc.constantFrom(...PLACEMENTS),
    index: nat,
    seed: nat,
    nonce: fc.stringMatching(/^[0-9a-f]{32}$/),
    methodHome: fc.constantFrom(...METHOD_HOMES),
  },
  { requiredKeys: ['placement', 'index', 'seed', 'nonce'] },
);
const block = fc.oneof(fc.integer({ min: 1, max: 999_999 }), fc.constant('after' as const));
const plan: fc.Arbitrary<TrialPlan> = fc
  .tuple(base, block, fc.integer({ min: 1, max: 1e9 }), fc.nat(4))
  .map(([b, yieldAfter, durationMs, which]): TrialPlan => {
    switch (which) {
      case 0:
        return { ...b, recipe: 'release-return', scenario: 'release' };
      case 1:
        return { ...b, recipe: 'release-return', scenario: 'disk-release' };
      case 2:
        return { ...b, recipe: 'sweep', scenario: 'release', yieldAfter };
      case 3:
        return { ...b, recipe: 'soak', scenario: 'churn', durationMs };
      default:
        return { ...b, recipe: 'delayed', scenario: 'delayed-release' };
    }
  });

it('any plan comes back from a file as it was', () => {
  fc.assert(
    fc.property(plan, (one) => {
      expect(again(one)).toEqual(one);
    }),
    { numRuns: 1000 },
  );
});

const TIE = {
  run: 'r',
  release: '6.1.0',
  version: '6.1',
  imageSha256: '00',
  qemu: 'QEMU emulator version 7.2',
  guest: 'guest-1',
};

describe('the note of a trial', () => {
  it('that is sealed is none when a byte of it was changed, a blank too', () => {
    const end = { how: 'closing' } as const;
    const [plan] = PLANS;
    if (!plan) throw new Error('no plan');
    const text = noteText({ plan, end, durationMs: 7, start: 'booted', tie: TIE }, {});
    const json = NoteJson.parse(JSON.parse(text));
    for (const changed of [text.replace('7', '8'), text.replace('{', '{ '), text.trim()]) {
      expect(changed).not.toBe(text);
      const read = { ...json, ...NoteJson.parse(JSON.parse(changed)) };
      expect(noteFromJson(read, changed)).toBe('it was changed after the run');
    }
  });

  const ENDS: readonly TrialNote['end'][] = [
    { how: 'closing' },
    { how: 'deadline', afterMs: 5, vcpu: 'RIP=0' },
    { how: 'machine-ended', exitCode: null, signal: 'SIGKILL', stderr: 'x' },
    { how: 'not-started', why: 'no memory' },
    { how: 'interrupted' },
  ];

  it.each(ENDS)('comes back from a file as it was ($how)', (end) => {
    for (const one of PLANS) {
      for (const tie of [null, TIE]) {
        const note: TrialNote = { plan: one, end, durationMs: 7, start: 'restored', tie };
        const text = noteText(note, {});
        expect(noteFromJson(NoteJson.parse(JSON.parse(text)), text)).toEqual(note);
      }
    }
  });

  it('of a scenario that is not known is a problem', () => {
    const end = { how: 'closing' } as const;
    const note = { schema: 1, plan: json({ scenario: 'audit' }), end } as const;
    const read = NoteJson.parse({ ...note, durationMs: 1, start: 'booted' });
    expect(noteFromJson(read, '')).toBe('no scenario of this version is noted as "audit"');
  });
});
