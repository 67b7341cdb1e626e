// SPDX-License-Identifier: MIT
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crashedWith, judgeRun } from '../../../harness/judge/verdict.js';
import type { Cause } from '../../../harness/model/finding.js';
import { OUTCOMES } from '../../../harness/model/outcome.js';
import { PLACEMENTS, type Placement } from '../../../harness/model/placement.js';
import type { TrialResult } from '../../../harness/model/trial.js';
import type { Question, Verdict } from '../../../harness/model/verdict.js';
import { crashedControl, finding, result } from './support.js';

const RELEASE: Question = {
  scenario: 'release',
  recipe: 'release-return',
  targetCause: 'release-in-unloaded-text',
  control: 'in-module',
  trials: 2,
  placements: ['builtin', 'in-module'],
};
const DISK: Question = {
  scenario: 'disk-release',
  recipe: 'release-return',
  targetCause: 'disk-release-fops',
  control: null,
  trials: 2,
  placements: ['builtin'],
};

const survivor = (index: number): TrialResult => result({ index });
const crash = (cause: Cause, overrides: Parameters<typeof result>[0] = {}): TrialResult =>
  result({ outcome: 'crashed', findings: [finding(cause)], ...overrides });
const missed = (index: number): TrialResult =>
  result({
    index,
    outcome: 'not-reached',
    reached: false,
    reasons: ['step 7: the holder was not switched out after complete()'],
  });
const lost = (index: number): TrialResult =>
  result({
    index,
    outcome: 'lost',
    reached: false,
    reasons: ['no closing record: QEMU ended by itself (SIGKILL)'],
  });

interface Row {
  readonly says: string;
  readonly question: Question;
  readonly trials: readonly TrialResult[];
  readonly verdict: Verdict;
  readonly exitCode: number;
  readonly reasons: readonly RegExp[];
}

const TABLE: readonly Row[] = [
  {
    says: 'enough survivors and a crashed control',
    question: RELEASE,
    trials: [survivor(0), survivor(1), crashedControl(0), crashedControl(1)],
    verdict: 'closed',
    exitCode: 0,
    reasons: [
      /^builtin: 2 trials reached the window, none crashed$/,
      /^in-module: 2 of 2 trials crashed with release-in-unloaded-text$/,
    ],
  },
  {
    says: 'one crashed control of several',
    question: RELEASE,
    trials: [survivor(0), survivor(1), result({ placement: 'in-module' }), crashedControl(1)],
    verdict: 'closed',
    exitCode: 0,
    reasons: [/none crashed/, /^in-module: 1 of 2 trials crashed/],
  },
  {
    says: 'a lost trial beside enough that reached the window',
    question: RELEASE,
    trials: [survivor(0), lost(1), survivor(2), crashedControl()],
    verdict: 'closed',
    exitCode: 0,
    reasons: [/^builtin: 2 trials reached the window/, /in-module/],
  },
  {
    says: 'a crash of the subject with the target cause',
    question: RELEASE,
    trials: [
      survivor(0),
      survivor(1),
      crash('release-in-unloaded-text', { index: 2 }),
      crashedControl(),
    ],
    verdict: 'open',
    exitCode: 1,
    reasons: [/^1 of 3 trials of the builtin placement crashed with release-in-unloaded-text$/],
  },
  {
    says: 'a crash of the subject though no control was tried',
    question: RELEASE,
    trials: [crash('release-in-unloaded-text')],
    verdict: 'open',
    exitCode: 1,
    reasons: [/^1 of 1 trial of the builtin/],
  },
  {
    says: 'a crash of the subject with the target cause and one of another',
    question: RELEASE,
    trials: [crash('release-in-unloaded-text'), crash('other', { index: 1 })],
    verdict: 'open',
    exitCode: 1,
    reasons: [/^1 of 2 trials/, /^builtin trial 1: crash of another cause: crash by other$/],
  },
  {
    says: 'a crash of the subject with another cause',
    question: RELEASE,
    trials: [survivor(0), survivor(1), crash('disk-release-fops', { index: 2 }), crashedControl()],
    verdict: 'inconclusive',
    exitCode: 1,
    reasons: [/^builtin trial 2: crash of another cause: crash by disk-release-fops$/],
  },
  {
    says: 'a crash of the control with another cause beside the right one',
    question: RELEASE,
    trials: [
      survivor(0),
      survivor(1),
      crashedControl(),
      crash('other', { placement: 'in-module', index: 1 }),
    ],
    verdict: 'inconclusive',
    exitCode: 1,
    reasons: [/^in-module trial 1: crash of another cause: crash by other$/],
  },
  {
    says: 'a window that was not reached often enough',
    question: RELEASE,
    trials: [survivor(0), missed(1), crashedControl()],
    verdict: 'inconclusive',
    exitCode: 125,
    reasons: [
      /^builtin: 1 of 2 trials reached the window$/,
      /^builtin not-reached: step 7: .* \(trial 1\)$/,
    ],
  },
  {
    says: 'a lost VM',
    question: RELEASE,
    trials: [survivor(0), lost(1), crashedControl()],
    verdict: 'inconclusive',
    exitCode: 125,
    reasons: [
      /^builtin: 1 of 2 trials reached the window$/,
      /^builtin lost: no closing record: QEMU ended by itself \(SIGKILL\) \(trial 1\)$/,
    ],
  },
  {
    says: 'a control that survived',
    question: RELEASE,
    trials: [survivor(0), survivor(1), result({ placement: 'in-module' })],
    verdict: 'inconclusive',
    exitCode: 125,
    reasons: [
      /^the control \(in-module\) did not crash with release-in-unloaded-text inside the window$/,
    ],
  },
  {
    says: 'a control that crashed outside the window',
    question: RELEASE,
    trials: [survivor(0), survivor(1), { ...crashedControl(), reached: false }],
    verdict: 'inconclusive',
    exitCode: 125,
    reasons: [/^the control \(in-module\) did not crash with .* inside the window$/],
  },
  {
    says: 'a control that was not tried',
    question: RELEASE,
    trials: [survivor(0), survivor(1)],
    verdict: 'inconclusive',
    exitCode: 125,
    reasons: [/^the control \(in-module\) was not tried/],
  },
  {
    says: 'a subject that was not tried',
    question: RELEASE,
    trials: [crashedControl()],
    verdict: 'inconclusive',
    exitCode: 125,
    reasons: [/^the builtin placement, the subject, was not tried$/],
  },
  {
    says: 'no trial at all: every doubt is listed',
    question: RELEASE,
    trials: [],
    verdict: 'inconclusive',
    exitCode: 125,
    reasons: [/subject, was not tried/, /control \(in-module\) was not tried/],
  },
  {
    says: 'the second bug',
    question: DISK,
    trials: [crash('disk-release-fops'), survivor(1)],
    verdict: 'open',
    exitCode: 1,
    reasons: [/^1 of 2 trials of the builtin placement crashed with disk-release-fops$/],
  },
  {
    says: 'the first bug while looking for the second',
    question: DISK,
    trials: [crash('release-in-unloaded-text'), survivor(1), survivor(2)],
    verdict: 'inconclusive',
    exitCode: 1,
    reasons: [/^builtin trial 0: crash of another cause/],
  },
  {
    says: 'a scenario without a control',
    question: DISK,
    trials: [survivor(0), survivor(1)],
    verdict: 'closed',
    exitCode: 0,
    reasons: [/none crashed/, /has no control: nothing shows that a crash would be seen$/],
  },
  {
    says: 'a scenario without a control and too few survivors',
    question: DISK,
    trials: [survivor(0)],
    verdict: 'inconclusive',
    exitCode: 125,
    reasons: [/^builtin: 1 of 2 trials reached the window$/],
  },
];

describe('the table of verdicts', () => {
  it.each(TABLE)('$says: $verdict, exit code $exitCode', (row) => {
    const judgement = judgeRun(row.question, row.trials);
    expect(judgement.verdict).toBe(row.verdict);
    expect(judgement.exitCode).toBe(row.exitCode);
    expect(judgement.reasons).toHaveLength(row.reasons.length);
    row.reasons.forEach((reason, at) => {
      expect(judgement.reasons[at]).toMatch(reason);
    });
  });

  it('a kernel that crashes in every boot does not boot; one that boots once has crashed', () => {
    const inBoot = (placement: Placement): TrialResult =>
      result({
        placement,
        outcome: 'crashed',
        reached: false,
        neverReady: true,
        findings: [finding('other')],
        reasons: ['no closing record: QEMU ended by itself (exit code 0)'],
      });
    const never = judgeRun(RELEASE, [inBoot('builtin'), inBoot('in-module')]);
    expect(never).toMatchObject({ verdict: 'inconclusive', exitCode: 125 });
    expect(never.reasons).toContain('the kernel does not boot: no guest got ready');
    expect(never.reasons.join()).toMatch(/crash of another cause/);
    const once = judgeRun(RELEASE, [inBoot('builtin'), result(), crashedControl()]);
    expect(once).toMatchObject({ verdict: 'inconclusive', exitCode: 1 });
    expect(once.reasons.join()).not.toMatch(/does not boot/);
  });

  it('says equal reasons of a thousand trials once', () => {
    const trials = Array.from({ length: 1000 }, (_, index) => missed(index + 3));
    const { reasons } = judgeRun(RELEASE, [...trials, crashedControl()]);
    expect(reasons).toEqual([
      'builtin: 0 of 2 trials reached the window',
      'builtin not-reached: step 7: the holder was not switched out after complete() (1000 trials, first 3)',
    ]);
  });
});

const CAUSES: readonly Cause[] = ['release-in-unloaded-text', 'disk-release-fops', 'other'];

/** Any trial at all, sensible or not. */
const trial: fc.Arbitrary<TrialResult> = fc
  .record({
    placement: fc.constantFrom(...PLACEMENTS),
    index: fc.nat(9),
    outcome: fc.constantFrom(...OUTCOMES),
    reached: fc.boolean(),
    causes: fc.array(fc.constantFrom(...CAUSES), { maxLength: 2 }),
    reasons: fc.array(fc.constantFrom('step 1: nothing', 'lost'), { maxLength: 1 }),
  })
  .map(({ causes, ...rest }) => result({ ...rest, findings: causes.map((c) => finding(c)) }));

/** Trials as the judge makes them: the outcome follows from the rest. Mostly good ones. */
const plausible: fc.Arbitrary<TrialResult> = fc.oneof(
  { weight: 4, arbitrary: fc.nat(9).map((index) => survivor(index)) },
  { weight: 3, arbitrary: fc.nat(9).map((index) => crashedControl(index)) },
  { weight: 1, arbitrary: trial },
);
const question = fc.record({
  scenario: fc.constant('any'),
  recipe: fc.constant('release-return' as const),
  targetCause: fc.constantFrom(...CAUSES),
  control: fc.constantFrom('in-module' as const, null),
  trials: fc.integer({ min: 1, max: 3 }),
  placements: fc.constant(PLACEMENTS),
});
const trials = fc.oneof(fc.array(trial, { maxLength: 8 }), fc.array(plausible, { maxLength: 8 }));

describe('any run whatever', () => {
  const check = (property: (q: Question, t: TrialResult[]) => void): void => {
    fc.assert(fc.property(question, trials, property), { numRuns: 3000 });
  };

  it('is closed only with a crashed control and enough subjects that reached the window', () => {
    let closed = 0;
    check((q, t) => {
      if (judgeRun(q, t).verdict !== 'closed') return;
      closed++;
      const subject = t.filter((one) => one.placement === 'builtin');
      expect(subject.filter((one) => one.reached).length).toBeGreaterThanOrEqual(q.trials);
      expect(subject.flatMap((one) => one.findings)).toEqual([]);
      if (q.control === null) return;
      expect(
        t.some(
          (one) =>
            one.placement === q.control &&
            one.reached &&
            one.findings.some((f) => f.cause === q.targetCause),
        ),
      ).toBe(true);
    });
    expect(closed).toBeGreaterThan(50); // the property was not empty
  });

  it('is open exactly when the subject crashed with the target cause', () => {
    check((q, t) => {
      const hit = t.some((one) => one.placement === 'builtin' && crashedWith(one, q.targetCause));
      expect(judgeRun(q, t).verdict === 'open').toBe(hit);
    });
  });

  it('has an exit code that follows from the verdict and from crashes of other causes', () => {
    check((q, t) => {
      const { verdict, exitCode, reasons } = judgeRun(q, t);
      const stranger = t.some((one) => one.findings.some((f) => f.cause !== q.targetCause));
      const expected = { closed: 0, open: 1, inconclusive: stranger ? 1 : 125 }[verdict];
      expect(exitCode).toBe(expected);
      expect(reasons.length).toBeGreaterThan(0);
      if (stranger) expect(reasons.join('\n')).toContain('crash of another cause');
    });
  });

  it('does not depend on the order of its trials', () => {
    check((q, t) => {
      const reversed = judgeRun(q, [...t].reverse());
      const { verdict, exitCode } = judgeRun(q, t);
      expect(reversed).toMatchObject({ verdict, exitCode });
    });
  });
});
