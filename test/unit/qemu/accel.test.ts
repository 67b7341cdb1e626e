// SPDX-License-Identifier: MIT
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Accel, MachineSpec, Machines } from '../../../harness/ports.js';
import { tryKvm } from '../../../harness/qemu/accel.js';
import { Cache } from '../../../harness/util/cache.js';
import { FakeMachine } from '../guest/support.js';
import { SPEC } from '../trial/support.js';

// A program that every host has stands for QEMU's --version.
const { arch } = SPEC;
const spec: MachineSpec = { ...SPEC, arch: { ...arch, qemu: { ...arch.qemu, binary: 'true' } } };
const signal = new AbortController().signal;
const BOOT = '{"kind":"boot","us":1,"release":"6.1","machine":"x86_64","cmdline":""}\n';
let cache: Cache;
let started: Accel[];

beforeEach(async () => {
  cache = new Cache(await mkdtemp(path.join(tmpdir(), 'dmrace-accel-')));
  started = [];
});
afterEach(async () => {
  await rm(cache.root, { recursive: true });
});

/** Machines whose guests live under these accelerators, and end under the others. */
const living = (...accels: Accel[]): Machines => ({
  start: async ({ accel }) => {
    started.push(accel);
    const machine = new FakeMachine();
    setImmediate(() => {
      if (accels.includes(accel)) machine.say('records', BOOT);
      else machine.end({ exitCode: 1, signal: null, stderr: 'dead\n' });
    });
    return machine;
  },
});
const ask = (machines: Machines) => tryKvm({ cache, say: () => undefined, signal }, machines, spec);

describe('KVM that was asked for', () => {
  it('is tried, and what worked is remembered', async () => {
    expect(await ask(living('kvm'))).toEqual({ accel: 'kvm', why: '' });
    const again = await ask(living('kvm'));
    expect(again.accel).toBe('kvm');
    expect(again.why).toMatch(/remembered from .*; remove .*\.json/);
    expect(started).toEqual(['kvm']);
  });

  it('that kills guests which live under TCG is the environment’s fault', async () => {
    await expect(ask(living('tcg'))).rejects.toMatchObject({ code: 'environment' });
    await expect(ask(living('tcg'))).rejects.toThrow(/QEMU ended.*the same kernel boots under TCG/);
    // It was asked for: what failed before is tried again.
    expect(started).toEqual(['kvm', 'tcg', 'kvm', 'tcg']);
    expect(await readdir(path.join(cache.root, 'accel'))).toHaveLength(1);
  });

  it('is taken for a kernel that boots nowhere: its trials will say so', async () => {
    const choice = await ask(living());
    expect(choice.accel).toBe('kvm');
    expect(choice.why).toMatch(/under TCG QEMU ended/);
  });
});
