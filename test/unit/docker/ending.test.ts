// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { type Ending, exitCodeOf } from '../../../harness/docker/ending.js';
import { buildFailure } from '../../../harness/docker/image.js';

const ending = (facts: Partial<Ending>): Ending => ({
  exitCode: 0,
  oom: false,
  signals: [],
  interrupted: false,
  memoryMiB: null,
  ...facts,
});

describe('a container that ended', () => {
  it.each([0, 1, 125, 128, 129])('by itself with %i gives that', (exitCode) => {
    expect(exitCodeOf(ending({ exitCode }))).toBe(exitCode);
  });
  it('after an interrupt gives 130, whatever its code', () => {
    expect(exitCodeOf(ending({ exitCode: 137, signals: [2, 9], interrupted: true }))).toBe(130);
  });
  it.each([
    [{ exitCode: 137, oom: true, memoryMiB: 40 }, /the container was killed.*OOM.*limit: 40 MiB/],
    [{ exitCode: 125, oom: true }, /a process in the container was killed.*OOM/],
    [{ exitCode: 137, signals: [9] }, /from outside \(signal 9, exit code 137\)/],
    [{ exitCode: 130, signals: [15] }, /from outside \(signal 15, exit code 130\)/],
    [{ exitCode: 137 }, /from outside \(exit code 137\)/],
    [{ exitCode: 126 }, /exit code 126, which dmrace never gives/],
  ])('%j is an error of the environment', (facts, words) => {
    expect(() => exitCodeOf(ending(facts))).toThrow(words);
  });
  it('with a verdict keeps it, though something was short of memory', () => {
    expect(exitCodeOf(ending({ exitCode: 1, oom: true }))).toBe(1);
  });
});

describe('a build that failed', () => {
  it('shows the last lines, the log and what to do', () => {
    const lines = Array.from({ length: 30 }, (_, n) => `line ${n}.`);
    const { message } = buildFailure('it returned 100', lines, '/c/x.log');
    expect(message).toContain('line 29.');
    expect(message).not.toContain('line 9.');
    expect(message).toContain('see /c/x.log');
    expect(message).toContain('see the lines above');
  });
  it('for want of space or of a base says that', () => {
    const full = buildFailure('returned 1', ['dd: No space left on device'], 'l');
    expect(full.facts.action).toContain('free space');
    const base = buildFailure('pull access denied for x', [], 'l');
    expect(base.facts.action).toContain('DMRACE_DOCKER_BASE');
  });
});
