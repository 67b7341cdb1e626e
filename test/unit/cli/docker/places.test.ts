// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { imageRequest, mayBuild, suiteOf } from '../../../../harness/cli/docker/image.js';
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
    [['matrix', '--kernel', 'src:/k/linux@base,kasan'], '/k/linux'],
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
  it.each([
    [['run'], null, 'bookworm'],
    [['run', '--kernel', 'debian:6.12'], null, 'bookworm'],
    [['run', '--kernel', 'debian:trixie'], null, 'trixie'],
    [['run', '--kernel=debian:trixie/amd64'], null, 'trixie'],
    [['run', '--kernel', 'debian:bookworm-backports'], null, 'bookworm'],
    [['run', '--kernel', 'debian:experimental'], null, 'sid'],
    [['kernel', 'fetch', 'debian:sid'], null, 'sid'],
    [['matrix', '--kernel', 'debian:sid', '--kernel', 'debian:experimental'], null, 'sid'],
    [['matrix', '--kernel', 'debian:sid', '--kernel', 'debian:trixie'], null, 'bookworm'],
    [['matrix', '--kernel', 'debian:sid', '--kernel', 'src:.'], null, 'bookworm'],
    [['kernel', 'build', 'src:.'], 'sid', 'sid'],
    [['run', '--kernel', 'debian:sid'], 'trixie', 'trixie'],
  ])('of %j with --suite %s is %s', (argv, asked, suite) => {
    expect(suiteOf(given(argv), asked)).toBe(suite);
  });
  it('may come from the configuration', () => {
    expect(suiteOf(given(['run'], { config: { kernel: 'debian:sid' } }), null)).toBe('sid');
  });
});

describe('tools to build kernels with', () => {
  it.each([
    [['run'], 'bookworm', false],
    [['run', '--kernel', 'debian/amd64'], 'bookworm', false],
    [['run', '--kernel', 'debian:sid'], 'sid', false],
    [['run', '--kernel', 'debian:sid'], 'trixie', true],
    [['run', '--kernel', 'debian:6.12'], 'bookworm', true], // of whatever suite has it
    [['run', '--kernel', 'src:.'], 'bookworm', true],
    [['kernel', 'build', 'src:.'], 'bookworm', true],
    [['run', '--kernel', 'image:/b,modules=/m,build=/o'], 'bookworm', false],
  ])('for %j in %s: %s', (argv, suite, wanted) => {
    expect(mayBuild(given(argv), suite)).toBe(wanted);
    const { buildArgs } = imageRequest(given(argv), {}, 'host', suite);
    expect(buildArgs.DOCTOR).toBe(wanted ? '--kernels' : undefined);
    expect(/\bflex\b.*\blibssl-dev\b/.test(buildArgs.EXTRA_PACKAGES ?? '')).toBe(wanted);
  });
  it.each<[string, string[], Partial<Given>, boolean]>([
    ['the command line', ['run', '--patch', 'x'], {}, true],
    ['one word of it', ['matrix', '--kernel=debian', '--patch=x'], {}, true],
    ['a variable', ['sweep'], { env: { DMRACE_PATCH: 'x' } }, true],
    ['the configuration', ['run'], { config: { patch: 'x' } }, true],
    ['a recorded run', ['replay', 'r'], { config: { patch: ['/x'] } }, true],
    ['a recorded run without a series', ['replay', 'r'], { config: { patch: [] } }, false],
    ['a tree, which has a commit', ['run', '--kernel', 'src:.'], {}, true],
    ['nothing', ['run'], {}, false],
  ])('git goes along for a series on a stock kernel: %s', (_, argv, more, wanted) => {
    const { buildArgs } = imageRequest(given(argv, more), {}, 'host', null);
    expect(/\bgit\b/.test(buildArgs.EXTRA_PACKAGES ?? '')).toBe(wanted);
  });
  it('the base is the suite’s, or the one that is given, and must be of the suite', () => {
    const request = (env: Record<string, string>, asked: string | null) =>
      imageRequest(given(['run']), env, 'host', asked).buildArgs;
    expect(request({}, null)).toEqual({});
    expect(request({}, 'sid')).toMatchObject({ BASE: 'debian:sid-slim', SUITE: 'sid' });
    expect(request({ DMRACE_DOCKER_BASE: 'x@sha256:1' }, 'sid')).toMatchObject({
      BASE: 'x@sha256:1',
      SUITE: 'sid',
    });
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
