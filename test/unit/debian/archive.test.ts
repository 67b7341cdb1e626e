// SPDX-License-Identifier: MIT
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DebianArchive, sourcesOf } from '../../../harness/debian/archive.js';
import { Cache } from '../../../harness/util/cache.js';
import { testWork } from '../../support/work.js';

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

describe('package lists', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'dmrace-apt-test-'));
    mkdirSync(path.join(root, 'bin'));
    vi.stubEnv('PATH', `${path.join(root, 'bin')}:${process.env.PATH}`);
  });
  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });
  const apt = (text: string): void => {
    writeFileSync(path.join(root, 'bin/apt-get'), `#!/bin/sh\n${text}\n`);
    chmodSync(path.join(root, 'bin/apt-get'), 0o755);
  };
  const lists = (): string => path.join(root, 'apt/bookworm-amd64/state/lists');
  const refresh = async (): Promise<void> =>
    new DebianArchive(await testWork({ cache: new Cache(root) }), 'bookworm').refresh();
  const stamp = (): string => path.join(root, 'apt/bookworm-amd64/stamp');
  const fetched = `echo run >>${'$0'}.runs; for s in a b c; do echo x >"$L/$s""_InRelease"; done`;

  it.each([
    [
      'as apt says of a mirror that cannot be found',
      'W: Failed to fetch http://d/InRelease  Temporary failure resolving',
      0,
    ],
    [
      'as apt says with strict errors',
      'E: Failed to fetch http://d/InRelease  Temporary failure resolving',
      100,
    ],
    ['of one suite of three', 'Err:2 http://d bookworm InRelease  Temporary failure resolving', 0],
  ])(
    'that cannot be fetched, %s, are a failure with its cause, and not remembered',
    async (_, says, code) => {
      apt(`echo 'Hit:1 http://d bookworm InRelease'; echo '${says}' >&2; exit ${code}`);
      for (const _again of [1, 2]) {
        await expect(refresh()).rejects.toMatchObject({
          code: 'environment',
          message: expect.stringMatching(
            /cannot be fetched: .*Temporary failure resolving/,
          ) as string,
        });
        expect(existsSync(stamp())).toBe(false);
      }
    },
  );

  it('are fetched once a day, and again when one of them is not what was fetched', async () => {
    apt(`L=${lists()}; ${fetched}`);
    const runs = (): number => Number(existsSync(path.join(root, 'bin/apt-get.runs')));
    await refresh();
    expect(runs()).toBe(1);
    rmSync(path.join(root, 'bin/apt-get.runs'));
    await refresh();
    expect(runs()).toBe(0);
    writeFileSync(path.join(lists(), 'b_InRelease'), '');
    await refresh();
    expect(runs()).toBe(1);
    rmSync(path.join(root, 'bin/apt-get.runs'));
    utimesSync(stamp(), 1, 1);
    await refresh();
    expect(runs()).toBe(1);
  });

  /** What apt-cache says of a package: words of `apt-cache madison` and `policy`, Debian 12. */
  const aptCache = (versions: readonly string[]): void => {
    const madison = versions.map(
      (v) => `linux-kbuild-6.1 | ${v} | http://d bookworm/main amd64 Packages`,
    );
    const policy = ['linux-kbuild-6.1:', '  Installed: (none)', `  Candidate: ${versions[0]}`];
    const script = `#!/bin/sh
case "$*" in
*madison*) printf '%s\\n' '${madison.join("' '")}' ;;
*policy*) printf '%s\\n' '${policy.join("' '")}' ;;
esac
`;
    writeFileSync(path.join(root, 'bin/apt-cache'), script, { mode: 0o755 });
  };

  it.each([
    [
      'the same where this archive has it too',
      '6.1.192-2',
      ['6.1.192-3', '6.1.192-2'],
      '6.1.192-2',
    ],
    ['what apt would take where it is not here yet', '6.1.192-3', ['6.1.192-2'], '6.1.192-2'],
  ])('a package that another architecture names is %s', async (_, named, here, taken) => {
    aptCache(here);
    const archive = new DebianArchive(await testWork({ cache: new Cache(root) }), 'bookworm');
    const name = 'linux-kbuild-6.1';
    expect(await archive.nearest({ name, version: named })).toEqual({ name, version: taken });
  });

  it('that apt cannot read are fetched again, from nothing', async () => {
    apt(
      `L=${lists()}; [ -e "$L/b_InRelease" ] && exit 100; ${fetched}; echo whole >"$L/b_InRelease"`,
    );
    await refresh();
    const bad = path.join(lists(), 'b_InRelease');
    writeFileSync(bad, 'wrong\n');
    writeFileSync(
      path.join(root, 'bin/apt-cache'),
      `#!/bin/sh\n[ "$(cat ${bad})" = whole ] || exit 100\nprintf 'a:\\n  Candidate: 1\\n'\n`,
      { mode: 0o755 },
    );
    const archive = new DebianArchive(await testWork({ cache: new Cache(root) }), 'bookworm');
    expect(await archive.candidate('a')).toBe('1');
  });

  it('that name what Debian has removed since are thrown away, and the way out is said', async () => {
    apt(`L=${lists()}; ${fetched}`);
    await refresh();
    apt("echo 'E: Failed to fetch http://d/a.deb  404  Not Found [IP: 1.2.3.4 80]' >&2; exit 100");
    const archive = new DebianArchive(await testWork({ cache: new Cache(root) }), 'bookworm');
    await expect(archive.download({ name: 'a', version: '1' })).rejects.toMatchObject({
      code: 'environment',
      message: expect.stringMatching(/no longer has a 1: .*\n {2}run again/) as string,
    });
    expect(existsSync(stamp())).toBe(false);
  });
});
