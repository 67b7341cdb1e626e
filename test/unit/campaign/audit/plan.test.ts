// SPDX-License-Identifier: MIT
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ownModule } from '../../../../harness/campaign/audit/modules.js';
import { type PlanInput, planVisits } from '../../../../harness/campaign/audit/plan.js';
import { type Exercise, ExerciseFile } from '../../../../harness/model/exercise.js';

const exercise = (more: object): Exercise => ({
  ...ExerciseFile.parse({ module: 'tun', title: 'a tap', ...more }),
  name: 'tun',
  family: 'net',
});

const input = (more: Partial<PlanInput>): PlanInput => ({
  arch: 'x86_64',
  release: '6.12.117',
  config: new Map(),
  available: new Set(['tun']),
  builtin: new Set(['vt']),
  shipped: [],
  own: [],
  ownModules: [],
  asked: [],
  all: false,
  ...more,
});
const endOf = (more: Partial<PlanInput>) => {
  const [step] = planVisits(input(more));
  return step?.is === 'known' ? step.visit.end : step?.is;
};

describe('a visit that needs no guest', () => {
  it.each<[string, Partial<PlanInput>, RegExp]>([
    [
      'a module that the kernel has not',
      { asked: ['foo'] },
      /kernel 6.12.117 has no module of that name.*--module/,
    ],
    [
      'a module of another kernel',
      { ownModules: [{ module: 'foo', file: '/f/foo.ko', release: '6.1.0' }] },
      /\/f\/foo.ko is built for kernel 6.1.0, this one is 6.12.117: build it against/,
    ],
    [
      'a module without a vermagic',
      { ownModules: [{ module: 'foo', file: '/f/foo.ko', release: '' }] },
      /built for no kernel that its vermagic names/,
    ],
    [
      'an exercise that needs an option',
      { shipped: [exercise({ config: ['I2C_STUB'] })] },
      /its exercise needs CONFIG_I2C_STUB, which this kernel does not set/,
    ],
    [
      'an exercise that needs a module',
      { shipped: [exercise({ needs: ['vt', 'scsi_debug', 'tun'] })] },
      /its exercise needs scsi_debug, which this kernel does not have/,
    ],
  ])('is said of %s, with the fact and what to do', (_, more, says) => {
    expect(endOf(more)).toMatchObject({ is: 'not-loaded', why: expect.stringMatching(says) });
  });

  it('is said of a module that is built in', () => {
    expect(endOf({ asked: ['vt'] })).toEqual({ is: 'builtin' });
  });

  it('is none of a module of this kernel, whoever built it', () => {
    expect(endOf({ asked: ['tun'] })).toBe('live');
    expect(endOf({ ownModules: [{ module: 'foo', file: '/f/foo.ko', release: '6.12.117' }] })).toBe(
      'live',
    );
  });
});

describe('--module', () => {
  it('refuses what is no module', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'dmrace-module-'));
    const file = path.join(folder, 'foo.ko');
    writeFileSync(file, 'no ELF file\n');
    await expect(ownModule(file)).rejects.toThrow(/modinfo cannot read it as a module/);
    await expect(ownModule(path.join(folder, 'bar.ko'))).rejects.toThrow(/there is no such file/);
    await expect(ownModule(folder)).rejects.toThrow(/it is no file/);
    await rm(folder, { recursive: true });
  });
});
