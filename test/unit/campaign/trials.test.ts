// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { jobsFor, trialLine } from '../../../harness/campaign/trials.js';
import { finding, result } from '../judge/support.js';

const GIB = 2 ** 30;

describe('jobs', () => {
  it.each([
    ['auto', 100, 2, 2],
    ['auto', 1, 8, 1],
    [6, 100, 2, 6],
    [6, 3, 2, 3],
    ['auto', 0, 2, 1],
  ] as const)('%s of %i trials on %i cores: %i', (wanted, trials, cores, jobs) => {
    const said: string[] = [];
    const room = { freeBytes: 64 * GIB, cores };
    expect(jobsFor(wanted, trials, room, (line) => said.push(line))).toBe(jobs);
    expect(said).toEqual([]);
  });

  it('are lowered to what memory holds, in words', () => {
    const said: string[] = [];
    const room = { freeBytes: 2 * GIB, cores: 2 };
    expect(jobsFor(64, 100, room, (line) => said.push(line))).toBe(5);
    expect(said).toEqual([
      'jobs lowered from 64 to 5: 2048 MiB of memory are free, a VM takes 320',
    ]);
    expect(jobsFor(2, 100, { freeBytes: 0, cores: 2 }, () => undefined)).toBe(1);
  });
});

it('a trial is told in one line, with the cause of its crash', () => {
  const crashed = result({
    index: 4,
    outcome: 'crashed',
    findings: [finding('release-in-unloaded-text')],
    durationMs: 612,
  });
  expect(trialLine(crashed, 3, 10)).toBe(
    '3/10 builtin #4: crashed (release-in-unloaded-text) in 0.6 s',
  );
});
