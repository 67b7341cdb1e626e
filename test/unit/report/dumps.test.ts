// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import type { Dump } from '../../../harness/model/dump.js';
import type { KernelIdentity } from '../../../harness/model/kernel-identity.js';
import { type DumpView, dumpLines, wayToVmlinux } from '../../../harness/report/dumps.js';

const KERNEL: KernelIdentity = {
  spec: 'debian',
  release: '6.1.0-56-cloud-amd64',
  arch: 'x86_64',
  preempt: 'PREEMPT',
  configSha256: '00',
  version: 'Debian 6.1.192-2',
};
const KEPT: Dump = { kept: true, file: 'vmcore', bytes: 1, sha256: '0'.repeat(64), at: 'death' };
const trial = (index: number, dump?: Dump): DumpView['trials'][number] => ({
  placement: 'in-module',
  index,
  ...(dump ? { dump } : {}),
});
const lines = (trials: DumpView['trials'], vmlinux: string | null = '/v/vmlinux'): string[] =>
  dumpLines({ trials, kernel: KERNEL, directory: '/r', vmlinux });

describe('what the end screen says of dumps', () => {
  it('is nothing where there are none', () => {
    expect(lines([trial(0)])).toEqual([]);
  });

  it('is the command lines of crash and drgn', () => {
    expect(lines([trial(0), trial(1, KEPT)])).toEqual([
      'dump       /r/in-module-1/vmcore',
      '  crash    crash -i /r/in-module-1/crash.cmd /v/vmlinux /r/in-module-1/vmcore',
      '  drgn     drgn -q -c /r/in-module-1/vmcore -s /v/vmlinux /r/in-module-1/drgn.py',
    ]);
  });

  it('is how to have vmlinux where none is at hand, and what the others are called', () => {
    expect(lines([trial(0, KEPT), trial(1, KEPT), trial(2, KEPT)], null).slice(2)).toEqual([
      '  drgn     drgn -q -c /r/in-module-0/vmcore -s VMLINUX /r/in-module-0/drgn.py',
      '  VMLINUX  dmrace kernel fetch --vmlinux debian:6.1.192-2  # of linux-image-6.1.0-56-cloud-amd64-dbg',
      '           and 2 more: in-module-1/vmcore, in-module-2/vmcore',
    ]);
  });

  it('is why there is none, of a few', () => {
    const none: Dump = { kept: false, why: 'the disk is full', failed: true };
    expect(lines([0, 1, 2, 3].map((index) => trial(index, none)))).toEqual([
      'no dump    of in-module-0: the disk is full',
      'no dump    of in-module-1: the disk is full',
      '           and of 2 more (--format json has all)',
    ]);
    expect(lines([trial(0, { ...KEPT, lacks: 'no vmcoreinfo' })]).at(-1)).toBe(
      '  but      no vmcoreinfo',
    );
  });
});

describe('the way to a vmlinux', () => {
  it.each<[Partial<KernelIdentity>, string]>([
    [
      { spec: 'debian:6.1/rt-arm64', arch: 'arm64', release: '6.1.0-56-rt-arm64' },
      'dmrace kernel fetch --vmlinux --arch arm64 debian:6.1.192-2/rt-arm64  # of linux-image-6.1.0-56-rt-arm64-dbg',
    ],
    [
      { spec: 'src:/linux', version: '6.1.192, gcc 12' },
      'build it with it: --profile base,debug-info',
    ],
    [
      { spec: 'image:/i,modules=/m,build=/b', version: 'prebuilt /i' },
      'of the build that the image is from',
    ],
  ])('of %o is %s', (kernel, way) => {
    expect(wayToVmlinux({ ...KERNEL, ...kernel })).toBe(way);
  });
});
