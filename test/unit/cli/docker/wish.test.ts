// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { dockerWish } from '../../../../harness/cli/docker/wish.js';

describe('a container', () => {
  it.each([
    [['run'], undefined, 'may'],
    [['run', '--docker'], undefined, 'must'],
    [['--docker', 'run'], undefined, 'must'],
    [['run', '--no-docker'], 'always', 'never'],
    [['run', '--docker'], 'never', 'must'],
    [['run'], 'never', 'never'],
    [['run'], 'always', 'must'],
    [['run'], 'auto', 'may'],
    [['run', '--help', '--docker'], undefined, 'never'],
    [['kernel', 'build', '--docker'], undefined, 'must'],
    [['kernel', 'list'], undefined, 'never'],
    [['doctor'], 'always', 'never'],
    [['doctor', '--docker'], undefined, 'must'],
    [['scan', 'x'], 'always', 'never'],
    [[], undefined, 'never'],
  ])('%j with DMRACE_DOCKER=%s: %s', (argv, variable, docker) => {
    expect(dockerWish(argv, variable).docker).toBe(docker);
  });
  it('gets the command line without the flags, but for what follows --', () => {
    expect(dockerWish(['run', '--docker', '--trials', '2'], undefined).argv).toEqual([
      'run',
      '--trials',
      '2',
    ]);
    expect(dockerWish(['run', '--', '--docker'], undefined).argv).toEqual([
      'run',
      '--',
      '--docker',
    ]);
  });
  it('is of the suite of --suite, which the inner program does not get', () => {
    const { argv, suite, words } = dockerWish(
      ['kernel', 'build', '--suite', 'sid', '--docker', 'src:.'],
      undefined,
    );
    expect(argv).toEqual(['kernel', 'build', 'src:.']);
    expect(suite).toBe('sid');
    expect(words).toEqual(['--docker', '--suite', 'sid']);
    expect(dockerWish(['run'], 'always').words).toEqual([]);
    expect(dockerWish(['run', '--suite=trixie'], 'always').suite).toBe('trixie');
    expect(dockerWish(['run'], undefined).suite).toBeNull();
  });
  it('is refused where it is of no use, and for contradictions', () => {
    expect(() => dockerWish(['scan', '--docker'], undefined)).toThrow(/of no use for "scan"/);
    expect(() => dockerWish(['run', '--docker', '--no-docker'], undefined)).toThrow(/are given/);
    expect(() => dockerWish(['kernel', 'build', '--suite', 'sid', 'src:.'], undefined)).toThrow(
      /add --docker/,
    );
    expect(() => dockerWish(['kernel', 'build', '--docker', '--suite'], undefined)).toThrow(
      /--suite "" is no suite/,
    );
    expect(() => dockerWish(['run'], 'yes')).toThrow(/DMRACE_DOCKER is "yes"/);
  });
});
