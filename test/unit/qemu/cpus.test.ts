// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { ARCH } from '../../../harness/model/arch/index.js';
import { builtFor } from '../../../harness/model/cpus.js';
import { parseKernelConfig } from '../../../harness/model/kernel.js';
import type { MachineSpec, PreparedKernel } from '../../../harness/ports.js';
import { qemuCommandLine } from '../../../harness/qemu/command-line.js';
import { requireCpus } from '../../../harness/rig/scenario-needs.js';

const SPEC: MachineSpec = {
  arch: ARCH.x86_64,
  accel: 'tcg',
  image: '/cache/vmlinuz',
  initramfs: '/cache/initramfs.cpio',
  parameters: [],
  memoryMiB: 192,
  restoreFrom: null,
  deterministic: false,
};
const SOCKETS = { console: 'c', records: 'r', commands: 'o', trace: 't', qmp: 'q' };
const after = (argv: readonly string[], option: string): string | undefined =>
  argv[argv.indexOf(option) + 1];

describe('the machine', () => {
  it('has one processor on one thread where nothing is said', () => {
    const argv = qemuCommandLine(SPEC, SOCKETS);
    expect(after(argv, '-smp')).toBe('1');
    expect(after(argv, '-accel')).toBe('tcg,thread=single');
  });
  it('has as many as are asked for, side by side', () => {
    const argv = qemuCommandLine({ ...SPEC, cpus: 4 }, SOCKETS);
    expect(after(argv, '-smp')).toBe('4');
    expect(after(argv, '-accel')).toBe('tcg,thread=multi');
  });
});

describe('what a kernel was built for', () => {
  it.each([
    ['CONFIG_SMP=y\nCONFIG_NR_CPUS=512\n', 512, 'CONFIG_NR_CPUS is 512'],
    ['CONFIG_SMP=y\nCONFIG_NR_CPUS=2\n', 2, 'CONFIG_NR_CPUS is 2'],
    ['# CONFIG_SMP is not set\nCONFIG_NR_CPUS=1\n', 1, 'CONFIG_SMP is not set'],
  ])('%j is %i', (config, cpus, says) => {
    expect(builtFor(parseKernelConfig(config))).toEqual({ cpus, says });
  });
});

describe('more processors than a kernel was built for', () => {
  const kernel = (text: string): PreparedKernel => ({
    identity: {
      spec: 'src:linux',
      release: '6.12.117',
      arch: 'x86_64',
      preempt: 'PREEMPT',
      configSha256: '',
      version: '6.12.117',
    },
    arch: ARCH.x86_64,
    image: '',
    config: parseKernelConfig(text),
    preemptParameter: '',
    portModules: [],
    helper: '',
    objects: { builtin: '', 'in-module': '', 'as-compiled': '' },
  });

  it('is refused with the fact and the limit', () => {
    const two = kernel('CONFIG_SMP=y\nCONFIG_NR_CPUS=2\n');
    expect(() => requireCpus(2, two)).not.toThrow();
    expect(() => requireCpus(4, two)).toThrow(
      /--cpus 4: 6\.12\.117 \(src:linux\) runs on 2 processors at most: CONFIG_NR_CPUS is 2/,
    );
    expect(() => requireCpus(2, kernel('# CONFIG_SMP is not set\n'))).toThrow(
      /CONFIG_SMP is not set/,
    );
  });
});
