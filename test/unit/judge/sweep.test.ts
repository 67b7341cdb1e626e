// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { judgeSweep } from '../../../harness/judge/sweep.js';
import type { Finding } from '../../../harness/model/finding.js';
import type { Placement } from '../../../harness/model/placement.js';
import type { Block } from '../../../harness/model/sweep.js';
import type { ResultOf } from '../../../harness/model/trial.js';
import { renderSweepText } from '../../../harness/report/sweep.js';
import { plain } from '../../support/runs.js';
import { finding, result } from './support.js';

const TARGET = 'release-in-unloaded-text';
const BOTH = ['builtin', 'in-module'] as const;
const block = (number: number): Block => ({
  number,
  who: number < 3 ? 'dmsetup' : 'remover',
  waitsIn: `wait_${number}`,
  stack: [],
  atUs: 1000 * number,
  phase: 'removal',
});

type Swept = ResultOf<'sweep'>;

/** A trial of a kernel whose remover blocks three times; index 0 is the one after the unload. */
function point(placement: Placement, index: number, crash: readonly Finding[] = []): Swept {
  const base = result({
    placement,
    index,
    outcome: crash.length > 0 ? 'crashed' : 'survived',
    findings: crash,
    steps: [{ step: 6, atUs: 500, evidence: 'complete' }],
  });
  return {
    ...base,
    recipe: 'sweep',
    sweep: {
      asked: index === 0 ? 'after' : index,
      blocks: [1, 2, 3].map(block),
      ranAt: index === 0 || index > 3 ? 'after' : index,
      evidence: 'switch',
      missed: null,
    },
  };
}

const whole = (): Swept[] => [
  ...[0, 1, 2, 3, 4].map((index) => point('builtin', index)),
  ...[1, 2, 3].map((index) => point('in-module', index)),
  ...[0, 4].map((index) => point('in-module', index, [finding(TARGET)])),
];
const but = (placement: Placement, index: number, change: Partial<Swept>): Swept[] =>
  whole().map((t) => (t.placement === placement && t.index === index ? { ...t, ...change } : t));
const missed = (placement: Placement, index: number): Swept[] => {
  const { sweep } = point(placement, index);
  return but(placement, index, {
    reached: false,
    outcome: 'not-reached',
    sweep: { ...sweep, ranAt: null, missed: 'too late' },
  });
};

describe('the verdict of a sweep', () => {
  it('is closed when builtin survives everywhere and the control crashes after the unload', () => {
    const judged = judgeSweep(TARGET, BOTH, whole());
    expect(judged).toMatchObject({ verdict: 'closed', exitCode: 0, blocks: { builtin: 3 } });
    expect(judged.points.map((p) => `${p.placement} ${p.point} ${p.outcome}`)).toEqual([
      'builtin 1 survived',
      'builtin 2 survived',
      'builtin 3 survived',
      'builtin after survived',
      'in-module 1 survived',
      'in-module 2 survived',
      'in-module 3 survived',
      'in-module after crashed',
    ]);
    expect(judged.points[1]).toMatchObject({ sinceStep6Us: 1500, block: { waitsIn: 'wait_2' } });
  });

  it('is open when builtin crashes at any point', () => {
    const trials = but('builtin', 2, { outcome: 'crashed', findings: [finding(TARGET)] });
    expect(judgeSweep(TARGET, BOTH, trials)).toMatchObject({ verdict: 'open', exitCode: 1 });
  });

  it('a point that was missed is said and never counted', () => {
    const judged = judgeSweep(TARGET, BOTH, missed('builtin', 2));
    expect(judged).toMatchObject({ verdict: 'inconclusive', exitCode: 125 });
    expect(judged.reasons[0]).toBe('builtin point 2 was missed: too late');
  });

  it.each([
    ['a lost trial', but('in-module', 1, { reached: false, outcome: 'lost', reasons: ['gone'] })],
    ['a point not tried', whole().filter((t) => !(t.placement === 'builtin' && t.index === 3))],
    [
      'a control that never crashes',
      whole().map((t) => ({ ...t, findings: [], outcome: 'survived' as const })),
    ],
  ])('is inconclusive with %s', (_, trials) => {
    expect(judgeSweep(TARGET, BOTH, trials)).toMatchObject({
      verdict: 'inconclusive',
      exitCode: 125,
    });
  });

  it('is inconclusive without the control', () => {
    const trials = whole().filter((t) => t.placement === 'builtin');
    expect(judgeSweep(TARGET, ['builtin'], trials).verdict).toBe('inconclusive');
  });

  it('a crash of another cause makes the exit code 1', () => {
    const trials = but('in-module', 2, { outcome: 'crashed', findings: [finding('other')] });
    expect(judgeSweep(TARGET, BOTH, trials)).toMatchObject({
      verdict: 'inconclusive',
      exitCode: 1,
    });
  });
});

describe('the table of a sweep', () => {
  it('has a row for each point and a column for each placement', () => {
    const text = renderSweepText(
      {
        result: judgeSweep(TARGET, BOTH, missed('builtin', 2)),
        kernel: {
          spec: 'debian',
          release: '6.1.0',
          arch: 'x86_64',
          preempt: '',
          configSha256: '',
          version: 'v',
        },
        directory: '/runs/1',
      },
      plain,
    );
    expect(text).toMatch(/^inconclusive: /);
    expect(text).toMatch(/^2 +dmsetup +wait_2 +removal +1\.500 +missed +1\.500 +survived/m);
    expect(text).toMatch(/^after +survived +crashed/m);
  });
});
