// SPDX-License-Identifier: GPL-2.0-only
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { sourcesOf } from '../../../harness/debian/archive.js';

const KEY = '[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]';
const DEB = 'http://deb.debian.org/debian';

beforeEach(() => {
  vi.stubEnv('DMRACE_DEBIAN_MIRROR', undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe('the sources of a suite', () => {
  const stable = (suite: string): string[] => [
    `deb ${KEY} ${DEB} ${suite} main`,
    `deb ${KEY} ${DEB} ${suite}-updates main`,
    `deb ${KEY} ${DEB}-security ${suite}-security main`,
  ];

  it.each([
    ['bookworm', stable('bookworm')],
    ['trixie', stable('trixie')],
    ['bookworm-security', stable('bookworm')],
    ['bookworm-updates', stable('bookworm')],
    ['bookworm-backports', [...stable('bookworm'), `deb ${KEY} ${DEB} bookworm-backports main`]],
    ['sid', [`deb ${KEY} ${DEB} sid main`]],
    ['experimental', [`deb ${KEY} ${DEB} sid main`, `deb ${KEY} ${DEB} experimental main`]],
  ])('%s', (suite, sources) => {
    expect(sourcesOf(suite)).toEqual(sources);
  });

  it('are never without a signature', () => {
    for (const suite of ['bookworm', 'bookworm-backports', 'sid', 'experimental']) {
      for (const line of sourcesOf(suite)) expect(line).toMatch(/^deb \[signed-by=\/usr\/share/);
    }
  });

  it('come from another mirror when one is set; security does not', () => {
    vi.stubEnv('DMRACE_DEBIAN_MIRROR', 'http://mirror.example/debian');
    expect(sourcesOf('bookworm')).toEqual([
      `deb ${KEY} http://mirror.example/debian bookworm main`,
      `deb ${KEY} http://mirror.example/debian bookworm-updates main`,
      `deb ${KEY} ${DEB}-security bookworm-security main`,
    ]);
  });
});
