// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { compareSentence, judgeCompare } from '../../../harness/judge/compare.js';
import { after, before, PATCH, without } from './compare-support.js';

const answer = (...sides: Parameters<typeof judgeCompare>) => {
  const { verdict, exitCode, reasons } = judgeCompare(...sides);
  return { verdict, exitCode, said: reasons.join('\n') };
};

describe('judgeCompare()', () => {
  it('shown before, closed after: 0, by the controls of the kernel without the patch', () => {
    const result = judgeCompare(before('open'), after('closed'));
    expect(result).toMatchObject({
      verdict: 'closed',
      exitCode: 0,
      patches: [PATCH],
      before: { verdict: 'open', exitCode: 1 },
      after: { verdict: 'closed', exitCode: 0 },
    });
    expect(result.after.placements['in-module']).toMatchObject({ trials: 1, crashed: 1 });
    expect(result.reasons.slice(0, 2)).toEqual([
      'before: 1 of 1 trial crashed with release-in-unloaded-text',
      'after: 1 of 1 trial reached the window, none crashed with release-in-unloaded-text',
    ]);
    expect(compareSentence(result)).toBe('Open before, closed after: 1 patch on 6.1.0.');
  });

  it('open after: 1, whatever was before', () => {
    expect(answer(before('open'), after('open'))).toMatchObject({ verdict: 'open', exitCode: 1 });
    expect(answer(before('closed'), after('open'))).toMatchObject({ verdict: 'open', exitCode: 1 });
  });

  it('not shown before: 125, although it is closed after', () => {
    const { said, ...rest } = answer(before('closed'), after('closed'));
    expect(rest).toEqual({ verdict: 'inconclusive', exitCode: 125 });
    expect(said).toContain('did not show release-in-unloaded-text (closed)');
  });

  it('the window not reached after: 125', () => {
    const { said, ...rest } = answer(before('open'), after('not-reached'));
    expect(rest).toEqual({ verdict: 'inconclusive', exitCode: 125 });
    expect(said).toContain('0 of 1 trial reached the window');
  });

  it('a crash of another cause after is an answer: 1', () => {
    expect(answer(before('open'), after('other'))).toMatchObject({
      verdict: 'inconclusive',
      exitCode: 1,
    });
  });

  it('no trial after, or fewer than asked: 125', () => {
    expect(answer(before('open'), { ...after('closed'), trials: [] })).toMatchObject({
      exitCode: 125,
    });
  });

  it('a control that did not crash before takes the closed away', () => {
    expect(answer(without(before('open'), 'in-module'), after('closed'))).toMatchObject({
      verdict: 'inconclusive',
      exitCode: 125,
    });
  });

  it.each([
    [
      'another kernel',
      { ...after('closed'), kernel: { ...after('closed').kernel, spec: 'debian:sid' } },
    ],
    ['no patch', { ...after('closed'), kernel: before('open').kernel }],
    [
      'another number of trials',
      { ...after('closed'), question: { ...after('closed').question, trials: 2 } },
    ],
    [
      'other processors',
      { ...after('closed'), question: { ...after('closed').question, cpus: 2 } },
    ],
  ])('two runs that differ in more than the patch (%s) prove nothing', (_, second) => {
    expect(answer(before('open'), second).exitCode).toBe(125);
  });

  it('runs in each other’s place are told apart by the patch: no closed, and only its own crash', () => {
    expect(answer(after('closed'), before('open'))).toMatchObject({
      verdict: 'inconclusive',
      exitCode: 125,
      said: expect.stringContaining('stand in each other’s place'),
    });
    expect(answer(after('open'), before('open'))).toMatchObject({ verdict: 'open', exitCode: 1 });
  });

  it('a crash of a run without a patch is none of the patched kernel', () => {
    const plain = { ...after('open'), kernel: before('open').kernel };
    expect(answer(before('open'), plain)).toMatchObject({ verdict: 'inconclusive', exitCode: 125 });
  });

  it('what ties the two together being damaged takes the closed away, and no crash', () => {
    const tie = ['compare.json is damaged'];
    expect(answer(before('open'), after('closed'), tie)).toMatchObject({ exitCode: 125 });
    expect(answer(before('open'), after('open'), tie)).toMatchObject({ exitCode: 1 });
  });

  it('damage of either side takes the closed away', () => {
    const damaged = { problems: ['run.json is damaged'] };
    expect(answer({ ...before('open'), ...damaged }, after('closed')).exitCode).toBe(125);
    expect(answer(before('open'), { ...after('closed'), ...damaged }).exitCode).toBe(125);
  });
});
