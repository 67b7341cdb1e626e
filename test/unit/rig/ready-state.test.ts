// SPDX-License-Identifier: MIT
import {
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readyStateIn, resume, saveReadyState } from '../../../harness/rig/ready-state.js';
import { FakeMachine } from '../guest/support.js';
import { SPEC } from '../trial/support.js';

const READY = '{"kind":"ready","us":1,"commands":"trial"}\n';
let folder: string;
const at = (name: string): string => path.join(folder, name);
const signal = new AbortController().signal;

/** A folder as a QEMU would leave it. */
async function save(): Promise<void> {
  const machine = new FakeMachine();
  machine.onQmp = async (command) => {
    if (command === 'migrate') {
      writeFileSync(at('memory'), Buffer.alloc(1 << 20, 'memory'));
      writeFileSync(at('devices'), 'devices');
    }
    return { status: 'completed' };
  };
  setImmediate(() => machine.say('records', READY));
  const host = { machines: { start: async () => machine }, spec: SPEC, signal };
  await saveReadyState(host, folder, async () => undefined);
  expect(machine.disposed).toBeGreaterThan(0);
}

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'dmrace-state-'));
  await save();
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('a saved guest', () => {
  it('is read back with what it had reported', async () => {
    expect(await readyStateIn(folder)).toEqual({ folder, readyRecords: READY });
  });

  it('may be a copy: another time with the same content', async () => {
    for (const name of ['memory', 'devices']) utimesSync(at(name), 1, 1);
    expect(await readyStateIn(folder)).not.toBeNull();
  });

  describe.each(['memory', 'devices', 'ready-records.jsonl', 'sums.json'])('whose %s', (name) => {
    it.each([
      ['is missing', () => rmSync(at(name))],
      ['is cut off', () => truncateSync(at(name), readFileSync(at(name)).length >> 1)],
      ['is empty', () => truncateSync(at(name), 0)],
      [
        'is another one of the same size',
        () => writeFileSync(at(name), Buffer.alloc(readFileSync(at(name)).length, 'x')),
      ],
    ])('%s is none', async (_, damage) => {
      damage();
      expect(await readyStateIn(folder)).toBeNull();
    });
  });
});

it('a machine that ends instead of taking the state says what QEMU said', async () => {
  const machine = new FakeMachine();
  const resuming = resume(machine, folder, false, signal);
  machine.end({
    exitCode: 1,
    signal: null,
    stderr: 'x\nqemu: load of migration failed: Invalid argument\n',
  });
  await expect(resuming).rejects.toThrow(/load of migration failed: Invalid argument/);
});

describe('a QEMU that aborts over a state', () => {
  it('has refused it, also when it answers no command any more', async () => {
    const machine = new FakeMachine();
    machine.onQmp = () => Promise.reject(new Error('QEMU was gone'));
    const resuming = resume(machine, folder, false, signal);
    machine.end({ signal: 'SIGABRT', stderr: 'qemu: Assertion `x` failed.\n' });
    await expect(resuming).rejects.toThrow(/refuses the saved guest: qemu: Assertion/);
  });

  it('has refused the state of a guest that pauses itself, too', async () => {
    const machine = new FakeMachine();
    machine.onQmp = (command) =>
      command === 'query-status' ? Promise.reject(new Error('gone')) : Promise.resolve({});
    const resuming = resume(machine, folder, true, signal);
    machine.end({ exitCode: 1, signal: null, stderr: 'x\nload failed\n' });
    await expect(resuming).rejects.toThrow(/refuses the saved guest: load failed/);
  });

  it('was not killed', async () => {
    const machine = new FakeMachine();
    machine.onQmp = () => Promise.reject(new Error('QEMU was gone'));
    const resuming = resume(machine, folder, false, signal);
    machine.end({ signal: 'SIGKILL' });
    await expect(resuming).rejects.toThrow('QEMU was gone');
  });
});

describe('the console of a saved guest’s boot', () => {
  const boot =
    'BUG: kernel NULL pointer dereference, address: 0000000000000008\nRIP: 0010:f+0x1/0x2\n';

  it('is kept where it tells of a crash', async () => {
    writeFileSync(at('console.log'), boot);
    expect((await readyStateIn(folder))?.boot?.toString()).toBe(boot);
  });

  it('is of no interest elsewhere', async () => {
    writeFileSync(at('console.log'), 'Speculative Return Stack Overflow: WARNING: See https://\n');
    expect(await readyStateIn(folder)).not.toHaveProperty('boot');
  });
});

it('a guest that QEMU stops is not waited for to be saved', async () => {
  const machine = new FakeMachine();
  machine.onQmp = async () => ({ status: 'internal-error' });
  setImmediate(() => {
    machine.event('STOP');
    machine.end({ stderr: 'KVM internal error. Suberror: 3\nRAX\n' });
  });
  const host = { machines: { start: async () => machine }, spec: SPEC, signal };
  const saving = saveReadyState(host, folder, async () => undefined);
  await expect(saving).rejects.toThrow(/\(internal-error\): KVM internal error. Suberror: 3/);
});
