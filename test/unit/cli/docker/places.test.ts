// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, it } from 'vitest';
import { suiteOf } from '../../../../harness/cli/docker/image.js';
import {
  flagValue,
  type Given,
  outermost,
  pathLike,
  setting,
  withoutFlag,
  writtenFolders,
} from '../../../../harness/cli/docker/places.js';
import { dockerSettings, handedOn } from '../../../../harness/cli/docker/settings.js';

const given = (argv: string[], more: Partial<Given> = {}): Given => ({
  command: argv[0] ?? '',
  argv,
  env: {},
  config: {},
  cwd: '/w',
  ...more,
});

describe('a setting', () => {
  it('is the flag, else the variable, else the configuration', () => {
    const all = { env: { DMRACE_OUT: 'b' }, config: { out: 'c' } };
    expect(setting(given(['run', '--out', 'a'], all), 'out')).toBe('a');
    expect(setting(given(['run', '--out=a'], all), 'out')).toBe('a');
    expect(setting(given(['run'], all), 'out')).toBe('b');
    expect(setting(given(['run'], { config: { out: 'c' } }), 'out')).toBe('c');
    expect(flagValue(['--out', 'x', '--out', 'y'], 'out')).toBe('y');
    expect(withoutFlag(['b', '--suite', 'sid', 's', '--suite=x'], 'suite')).toEqual(['b', 's']);
  });
});

describe('folders that are written', () => {
  it('are --out, else dmrace-runs for what has results', () => {
    expect(writtenFolders(given(['run', '--out', 'r/1']))).toEqual(['/w/r/1']);
    expect(writtenFolders(given(['run', '--out', '/r']))).toEqual(['/r']);
    expect(writtenFolders(given(['run']))).toEqual(['/w/dmrace-runs']);
    expect(writtenFolders(given(['kernel', 'fetch']))).toEqual([]);
  });
});

describe('paths on a command line', () => {
  it.each([
    [['run', '--kernel', 'src:/k/linux'], '/k/linux'],
    [['run', '--kernel', 'src:.'], '/w'],
    [['run', '--kernel=src:tree'], '/w/tree'],
    [['run', '--kernel', 'image:/b/vmlinux,modules=/b/m,build=o'], '/b/vmlinux'],
    [['run', '--kernel', 'image:/b/vmlinux,modules=/b/m,build=o'], '/b/m'],
    [['run', '--kernel', 'image:/b/vmlinux,modules=/b/m,build=o'], '/w/o'],
    [['run', '--known-issues', '../known.json'], '/known.json'],
  ])('%j: %s', (argv, file) => {
    expect(pathLike(given(argv))).toContain(file);
  });
  it('may be in variables and in the configuration', () => {
    const more = { env: { DMRACE_KERNEL: 'src:/e' }, config: { kernel: 'src:/c' } };
    expect(pathLike(given(['run'], more))).toEqual(expect.arrayContaining(['/e', '/c']));
  });
  it('are never the root', () => {
    expect(pathLike(given(['run', '--kernel', 'src:/']))).not.toContain('/');
  });
  it('within another are dropped', () => {
    expect(outermost(['/a/b', '/a', '/ab'])).toEqual(['/a', '/ab']);
  });
});

describe('the suite', () => {
  it('is --suite, else the kernel’s, else the pinned one', () => {
    expect(suiteOf(given(['kernel', 'build', '--suite', 'sid']))).toBe('sid');
    expect(suiteOf(given(['run', '--kernel', 'debian:trixie']))).toBe('trixie');
    expect(suiteOf(given(['run', '--kernel', 'debian:6.12']))).toBe('bookworm');
    expect(suiteOf(given(['run']))).toBe('bookworm');
  });
});

describe('variables', () => {
  it('of dmrace are handed on, but not those about this machine’s Docker and cache', () => {
    const env = {
      DMRACE_TRIALS: '3',
      DMRACE_CACHE_DIR: '/c',
      DMRACE_DOCKER_BASE: 'x',
      DMRACE_DOCKER: 'auto',
      DMRACE_TIED: '1',
      https_proxy: 'p',
      PATH: '/bin',
      SECRET: 's',
    };
    expect(handedOn(env)).toEqual({ DMRACE_TRIALS: '3', https_proxy: 'p' });
  });
  it('about Docker are checked', () => {
    expect(dockerSettings({})).toEqual({ remote: false, network: null, memoryMiB: null });
    const set = { DMRACE_DOCKER_REMOTE: '1', DMRACE_DOCKER_NETWORK: 'n' };
    expect(dockerSettings({ ...set, DMRACE_DOCKER_MEMORY_MIB: '64' })).toEqual({
      remote: true,
      network: 'n',
      memoryMiB: 64,
    });
    expect(() => dockerSettings({ DMRACE_DOCKER_MEMORY_MIB: 'much' })).toThrow(/MEMORY_MIB "much"/);
  });
});
