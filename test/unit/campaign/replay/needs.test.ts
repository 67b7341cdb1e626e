// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import {
  type Needs,
  noKvm,
  requireAccel,
  requireSame,
  unchecked,
  unmet,
} from '../../../../harness/campaign/replay/needs.js';
import { ARCH } from '../../../../harness/model/arch/index.js';

const NEEDS: Needs = {
  dmrace: '0.1.0',
  qemu: 'QEMU emulator version 7.2.22',
  guests: { builtin: 'aa', 'in-module': 'bb' },
  kernel: {
    spec: 'debian',
    release: '6.1.0-56-cloud-amd64',
    arch: 'x86_64',
    preempt: 'PREEMPT',
    configSha256: 'c0',
    version: 'Debian 6.1.192-2',
    imageSha256: '11',
  },
};

describe('what a replay needs', () => {
  it('is there when all is the same, and when it is not known yet', () => {
    expect(unmet(NEEDS, NEEDS)).toEqual([]);
    expect(unmet(NEEDS, {})).toEqual([]);
  });

  it.each<[string, Partial<Needs>]>([
    ['version of dmrace was 0.1.0, now it is 0.2.0', { dmrace: '0.2.0' }],
    ['QEMU was QEMU emulator version 7.2.22, now it is X', { qemu: 'X' }],
    [
      'kernel version was Debian 6.1.192-2, now it is Debian 6.1.200-1',
      { kernel: { ...NEEDS.kernel, version: 'Debian 6.1.200-1' } },
    ],
    [
      'kernel image (SHA-256) was 11, now it is 22',
      { kernel: { ...NEEDS.kernel, imageSha256: '22' } },
    ],
    [
      'guest of in-module (the suspect’s module, the programs of dmrace) was bb, now it is cc',
      { guests: { builtin: 'aa', 'in-module': 'cc' } },
    ],
  ])('is missing: %s', (line, change) => {
    expect(unmet(NEEDS, { ...NEEDS, ...change })).toEqual([line]);
    expect(() => requireSame('/runs/1', NEEDS, { ...NEEDS, ...change })).toThrow(line);
  });

  it('is another series, by its content and not by its name', () => {
    const patched = (file: string, sha256: string): Needs => ({
      ...NEEDS,
      kernel: { ...NEEDS.kernel, patches: [{ file, subject: null, sha256 }] },
    });
    expect(unmet(patched('x', 'aa'), patched('/p/x', 'aa'))).toEqual([]);
    expect(unmet(patched('x', 'aa'), patched('x', 'bb'))).toEqual([
      'series of --patch was aa, now it is bb',
    ]);
    expect(unmet(patched('x', 'aa'), NEEDS)).toEqual(['series of --patch was aa, now it is none']);
    expect(unmet(patched('x', 'aa'), {})).toEqual([]);
  });

  it('is told all at once; another kernel’s guest is another one anyway', () => {
    const kernel = { ...NEEDS.kernel, release: '6.12', configSha256: 'c1' };
    const lines = unmet(NEEDS, { ...NEEDS, kernel, guests: { builtin: 'x' } });
    expect(lines).toHaveLength(2);
    expect(lines.join()).not.toContain('guest');
  });

  it('counts only the guests whose trials are replayed', () => {
    const guests = { builtin: 'aa', 'in-module': 'cc' };
    expect(unmet(NEEDS, { ...NEEDS, guests }, ['builtin'])).toEqual([]);
  });

  it('that an old run did not record is said', () => {
    const { qemu: _, guests: __, ...old } = NEEDS;
    const { imageSha256: ___, ...kernel } = NEEDS.kernel;
    expect(unmet({ ...old, kernel }, NEEDS)).toEqual([]);
    expect(unchecked({ ...old, kernel })).toEqual([
      'the run recorded nothing of QEMU’s version, the kernel image, the guest’s modules and programs: whether they are the same is unknown',
    ]);
    expect(unchecked(NEEDS)).toEqual([]);
  });
});

describe('a run made under KVM', () => {
  const problem = {
    observed: '/dev/kvm: ENOENT, this kernel offers no KVM',
    action: 'load kvm_amd',
  };

  it('on a host without it says so and offers TCG', () => {
    const error = noKvm('/runs/1', 'kvm', problem);
    expect(error.code).toBe('environment');
    expect(error.message).toMatch(/the run was made under KVM, .*ENOENT/);
    expect(error.message).toContain('dmrace replay /runs/1 --accel tcg');
    expect(error.message).toContain('load kvm_amd');
  });

  it('is not asked for KVM when it is to be replayed under TCG', async () => {
    const foreign = process.arch === 'arm64' ? ARCH.x86_64 : ARCH.arm64;
    await expect(requireAccel('/runs/1', 'kvm', 'tcg', foreign)).resolves.toBeUndefined();
    await expect(requireAccel('/runs/1', 'kvm', 'kvm', foreign)).rejects.toThrow(/--accel tcg/);
  });
});
