// SPDX-License-Identifier: MIT
// A trial's dump from a machine without QEMU, whose answers are those of QEMU 7.2.
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GuestSession } from '../../../harness/guest/session.js';
import { ARCH } from '../../../harness/model/arch/index.js';
import { type Dump, DumpBudget } from '../../../harness/model/dump.js';
import { DmraceError } from '../../../harness/model/errors.js';
import { TrialDump } from '../../../harness/trial/dump.js';
import { deadlines, runTrial } from '../../../harness/trial/trial.js';
import { patience, setPatience } from '../../../harness/util/patience.js';
import { FakeMachine } from '../guest/support.js';
import { capture, capturePlan } from '../judge/support.js';
import { keptNote, qemuDump } from '../symbols/support.js';
import { SPEC } from './support.js';

const REAL = capture('in-module');
const CRASH = Buffer.from(REAL.console).toString('latin1');
const MEMORY = Buffer.alloc(1 << 20);
MEMORY.set(keptNote('OSRELEASE=6.1.0-56-cloud-amd64\n'), 4096);
const GOOD = qemuDump({ memory: [[0n, MEMORY]] });

let folder: string;
let machine: FakeMachine;
let budget: DumpBudget;
/** What QEMU does when it is asked for a dump. */
let dumping: (file: string) => void;
/** What it says of it then. */
let status: 'active' | 'completed' | 'failed';
const asked: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'dmrace-dump-'));
  machine = new FakeMachine();
  budget = new DumpBudget();
  status = 'completed';
  dumping = (file) => writeFileSync(file, GOOD);
  asked.length = 0;
  machine.onQmp = async (command, args) => {
    asked.push(command);
    if (command === 'dump-guest-memory') {
      dumping(String(args?.protocol).replace(/^file:/, ''));
      return {};
    }
    if (command === 'query-dump') return { status, completed: 0, total: 0 };
    return {};
  };
});
afterEach(() => {
  setPatience(1);
  rmSync(folder, { recursive: true });
});

const file = (): string => path.join(folder, 'dumping', 'in-module-0.vmcore');
const dumpOf = (more: Partial<ConstructorParameters<typeof TrialDump>[0]> = {}): TrialDump =>
  new TrialDump({
    arch: ARCH.x86_64,
    memoryMiB: 1,
    kvm: false,
    death: null,
    file: file(),
    placement: 'in-module',
    budget,
    signal: new AbortController().signal,
    ...more,
  });

/** A trial's end with that on its console. */
async function ended(console: string, dump = dumpOf()): Promise<Dump | null> {
  const session = new GuestSession(machine);
  dump.watch(session);
  await dump.begin(machine);
  machine.say('console', console);
  await dump.end(machine);
  return dump.result;
}
const claims = (): boolean => budget.claim('all', 1024 ** 3).granted;

describe('the dump of a trial', () => {
  it('is of a crashed one, whole and alone', async () => {
    const result = await ended(CRASH);
    expect(result).toMatchObject({ kept: true, file: 'vmcore', at: 'end' });
    expect(result).not.toHaveProperty('lacks');
    expect(readdirSync(path.dirname(file()))).toEqual(['in-module-0.vmcore']);
    expect(claims()).toBe(false);
  });

  it('is not of one that has not crashed', async () => {
    expect(await ended('[    1.0] all is well\n')).toBeNull();
    expect(asked).not.toContain('dump-guest-memory');
    expect(claims()).toBe(true);
  });

  it('is taken once', async () => {
    const dump = dumpOf();
    await ended(CRASH, dump);
    await dump.end(machine);
    expect(asked.filter((command) => command === 'dump-guest-memory')).toHaveLength(1);
  });

  it('says what a kernel without vmcoreinfo lacks', async () => {
    dumping = (to) => writeFileSync(to, qemuDump({ memory: [[0n, Buffer.alloc(4096)]] }));
    expect(await ended(CRASH)).toMatchObject({
      kept: true,
      lacks: expect.stringContaining('keeps no vmcoreinfo'),
    });
  });

  it('of a guest that ends by itself is taken before QEMU goes, which it then does', async () => {
    const dump = dumpOf();
    const gone = new Promise<void>((resolve) => {
      const answer = machine.onQmp;
      machine.onQmp = async (command, args) => {
        if (command === 'quit') resolve();
        return answer(command, args);
      };
    });
    dump.watch(new GuestSession(machine));
    await dump.begin(machine);
    expect(asked).toEqual(['set-action']);
    machine.say('console', CRASH);
    machine.event('SHUTDOWN');
    await gone;
    expect(dump.result).toMatchObject({ kept: true, at: 'end' });
  });

  it('of a QEMU that does not know set-action is that of its end', async () => {
    const answer = machine.onQmp;
    machine.onQmp = async (command, args) => {
      if (command === 'set-action') throw new Error('The command set-action has not been found');
      return answer(command, args);
    };
    expect(await ended(CRASH)).toMatchObject({ kept: true });
  });

  it('is given up whole when its trial counts for nothing', async () => {
    const dump = dumpOf();
    await ended(CRASH, dump);
    await dump.discard();
    expect(existsSync(file())).toBe(false);
    expect(claims()).toBe(true);
  });
});

describe('a dump that cannot be had', () => {
  const refused = (why: string) => async (command: string) => {
    if (command !== 'dump-guest-memory') return {};
    throw new DmraceError('environment', { observed: why, action: 'check QEMU' });
  };

  it.each<[string, () => void, RegExp]>([
    [
      'because QEMU refuses it',
      () => {
        machine.onQmp = refused('QEMU refused dump-guest-memory: protocol');
      },
      /^QEMU refused dump-guest-memory: protocol; check QEMU$/,
    ],
    [
      'because QEMU is gone',
      () => {
        machine.onQmp = refused('QEMU was gone when it was asked for dump-guest-memory');
      },
      /^QEMU was gone/,
    ],
    [
      'because the disk is full while QEMU writes',
      () => {
        status = 'failed';
        dumping = (to) => writeFileSync(to, GOOD.subarray(0, 1000));
      },
      /^QEMU could not write the dump \(failed\); check the space on that disk/,
    ],
    [
      'because QEMU is not done in time',
      () => {
        setPatience(0.5);
        status = 'active';
      },
      /^QEMU is not done with the dump \(limit: 30000 ms\); check the load/,
    ],
    [
      'because what QEMU wrote is cut off',
      () => {
        dumping = (to) => writeFileSync(to, GOOD.subarray(0, GOOD.length - 1));
      },
      /^what QEMU wrote is no dump: it has \d+ bytes, and a segment ends at \d+$/,
    ],
    [
      'because QEMU says that it wrote what is not there',
      () => {
        dumping = () => undefined;
      },
      /\.vmcore \(ENOENT\)/,
    ],
    [
      'because there is a file where its folder was to be',
      () => writeFileSync(path.join(folder, 'dumping'), ''),
      /^cannot write .*in-module-0\.vmcore \((ENOTDIR|EEXIST)\)/,
    ],
  ])('%s says so, leaves nothing, and takes no other’s place', async (_, prepare, why) => {
    prepare();
    const clock = Date.now;
    // The deadline's half minute passes at once.
    if (patience() !== 1) {
      let asks = 0;
      Date.now = () => clock() + 31_000 * Math.floor(asks++ / 4);
    }
    const result = await ended(CRASH).finally(() => {
      Date.now = clock;
    });
    expect(result).toMatchObject({ kept: false, failed: true });
    expect(result?.kept === false ? result.why : '').toMatch(why);
    expect(existsSync(file())).toBe(false);
    expect(existsSync(`${file()}.qemu`)).toBe(false);
    expect(claims()).toBe(true);
  });

  it('for want of space names what it takes and what there is', async () => {
    const result = await ended(CRASH, dumpOf({ memoryMiB: 1 << 30 }));
    // So large a guest is beyond the run's limit before it is beyond the disk.
    expect(result).toMatchObject({ kept: false, why: expect.stringContaining('limit: 1024 MiB') });
    budget = new DumpBudget({ each: 1, bytes: Number.MAX_SAFE_INTEGER });
    const full = await ended(CRASH, dumpOf({ memoryMiB: 1 << 30 }));
    expect(full?.kept === false ? full.why : '').toMatch(
      /^a dump takes 2147483656 MiB while it is written, and \d+ are free in .*; free some space/,
    );
    expect(asked).not.toContain('dump-guest-memory');
  });

  it('because the run has enough of that crash is no failure', async () => {
    budget = new DumpBudget({ each: 0, bytes: 1024 ** 3 });
    expect(await ended(CRASH)).toEqual({
      kept: false,
      why: 'there are 0 dumps of this crash already',
    });
  });

  it('never costs the trial its outcome', async () => {
    machine.onQmp = refused('no');
    const dump = dumpOf();
    const { signal } = new AbortController();
    const machines = { start: async () => machine };
    const plan = capturePlan('in-module');
    const running = runTrial({ machines, spec: SPEC, signal }, plan, {
      ...deadlines(plan, SPEC),
      dump,
    });
    await new Promise((resolve) => setImmediate(resolve));
    machine.onCommand = () => {
      machine.say('console', CRASH);
      machine.say('records', REAL.records);
      machine.say('trace', REAL.trace);
    };
    machine.say('records', REAL.readyRecords);
    const { files } = await running;
    expect(files.note.end).toEqual({ how: 'closing' });
    expect(files.note.dump).toEqual({ kept: false, failed: true, why: 'no; check QEMU' });
    expect(machine.disposed).toBe(1);
  });
});
