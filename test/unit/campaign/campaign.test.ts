// SPDX-License-Identifier: MIT
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CampaignOutcome, runCampaign } from '../../../harness/campaign/campaign.js';
import { newNonce, planTrials } from '../../../harness/campaign/plan.js';
import { DmraceError } from '../../../harness/model/errors.js';
import type { StopRule } from '../../../harness/model/stop-rule.js';
import type { TrialResult } from '../../../harness/model/trial.js';
import { StateRefused } from '../../../harness/rig/ready-state.js';
import { RunDirectory } from '../../../harness/runs/run-directory.js';
import { release } from '../../../harness/scenarios/release.js';
import { FakeMachine } from '../guest/support.js';
import { capture } from '../judge/support.js';
import { SPEC } from '../trial/support.js';

const foldersOf = (root: string): string[] =>
  readdirSync(root)
    .filter((name) => name.startsWith('builtin-'))
    .sort();

const never: StopRule = () => null;

/** A guest that does what the captured one did, for any plan. */
function guest(): FakeMachine {
  const machine = new FakeMachine();
  const real = capture('builtin');
  const { seed, nonce } = real.note.plan;
  machine.onCommand = (line) => {
    const told = new Map(line.split(' ').map((word) => word.split('=') as [string, string]));
    machine.say('trace', real.trace);
    machine.say(
      'records',
      real.records
        .replaceAll(nonce, told.get('nonce') ?? '')
        .replace(`"seed":${seed}`, `"seed":${told.get('seed')}`),
    );
  };
  queueMicrotask(() => setImmediate(() => machine.say('records', real.readyRecords)));
  return machine;
}

const gone = new DmraceError('environment', { observed: 'QEMU died', action: 'none' });

let root: string;
let directory: RunDirectory;
let machines: FakeMachine[];
let interrupt: AbortController;
beforeEach(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'dmrace-campaign-'));
  directory = await RunDirectory.create(root);
  machines = [];
  interrupt = new AbortController();
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function campaign(
  trials: number,
  options: {
    jobs?: number;
    stop?: StopRule;
    start?: (count: number) => FakeMachine;
    done?: (result: TrialResult) => void;
    remake?: () => Promise<boolean>;
    mend?: () => Promise<boolean>;
  } = {},
): Promise<CampaignOutcome> {
  return runCampaign(
    {
      trials: planTrials(
        { scenario: release, durationMs: null, nonce: newNonce },
        { placements: ['builtin'], trials, seed: 1 },
      ),
      jobs: options.jobs ?? 2,
      stop: options.stop ?? never,
    },
    {
      host: (_placement, signal) => ({
        machines: {
          start: async () => {
            const machine = options.start?.(machines.length) ?? guest();
            machines.push(machine);
            return machine;
          },
        },
        spec: SPEC,
        signal,
      }),
      pasteable: (argv) => argv.join(' '),
      directory,
      options: () => ({}),
      tie: () => null,
      ...(options.mend ? { mend: options.mend } : {}),
      ...(options.remake ? { remake: options.remake } : {}),
      done: options.done ?? (() => undefined),
      signal: interrupt.signal,
    },
  );
}

describe('a campaign', () => {
  it('runs every trial in a machine of its own and keeps its files', async () => {
    const { results, end } = await campaign(5);
    expect(end).toEqual({ how: 'complete' });
    // Two at a time: the results come in the order in which the trials ended.
    const inOrder = [...results].sort((a, b) => a.index - b.index);
    expect(inOrder.map((r) => [r.index, r.outcome])).toEqual(
      [0, 1, 2, 3, 4].map((i) => [i, 'survived']),
    );
    expect(machines).toHaveLength(5);
    expect(machines.every((machine) => machine.disposed === 1)).toBe(true);
    expect(foldersOf(root)).toEqual([0, 1, 2, 3, 4].map((i) => `builtin-${i}`));
  });

  it('stops by its rule: what runs is finished, nothing more is started', async () => {
    const { results, end } = await campaign(9, {
      stop: (so) => (so.length >= 3 ? 'three are enough' : null),
    });
    expect(end).toEqual({ how: 'stopped', why: 'three are enough' });
    expect(results.length).toBeGreaterThanOrEqual(3);
    expect(results.length).toBeLessThanOrEqual(4);
    expect(machines).toHaveLength(results.length);
  });

  it('that is interrupted gives what it has; a trial that was running did not take place', async () => {
    const silent = new FakeMachine();
    const { results, end } = await campaign(9, {
      jobs: 1,
      start: (count) => (count === 2 ? silent : guest()),
      done: ({ index }) => {
        if (index === 1) setImmediate(() => interrupt.abort());
      },
    });
    expect(end).toEqual({ how: 'interrupted' });
    expect(results.map((r) => r.index)).toEqual([0, 1]);
    expect(silent.disposed).toBe(1);
    expect(foldersOf(root)).toEqual(['builtin-0', 'builtin-1']);
  });

  it('counts single VMs that do not start as lost, and goes on', async () => {
    const { results, end } = await campaign(5, {
      jobs: 1,
      start: (count) => {
        if (count % 2 === 1) return guest();
        machines.push(new FakeMachine()); // counted, though it never was
        throw gone;
      },
    });
    expect(end).toEqual({ how: 'complete' });
    expect(results.map((r) => r.outcome)).toEqual(['lost', 'survived', 'lost', 'survived', 'lost']);
    expect(results[0]?.reasons).toContainEqual(expect.stringContaining('did not start: QEMU died'));
  });

  it('ends when no VM starts: that is the environment, not a loss', async () => {
    await expect(
      campaign(9, {
        start: () => {
          throw gone;
        },
      }),
    ).rejects.toThrow('QEMU died');
  });

  it('that cannot keep its files ends with that error, its machines gone', async () => {
    rmSync(root, { recursive: true });
    writeFileSync(root, 'not a folder');
    await expect(campaign(4)).rejects.toThrow(DmraceError);
    expect(machines.every((machine) => machine.disposed === 1)).toBe(true);
    expect(machines.length).toBeLessThanOrEqual(2);
  });
});

describe('a guest that does not do what is expected of it', () => {
  const gone = new DmraceError('environment', { observed: 'QEMU died', action: 'x' });
  const broken = (): (() => FakeMachine) => {
    let starts = 0;
    return () => {
      if (starts++ === 0) throw gone;
      return guest();
    };
  };

  it('may be damaged: it is made again, and its trial takes place', async () => {
    let asked = 0;
    const mend = async (): Promise<boolean> => ++asked > 0;
    const { results } = await campaign(3, { jobs: 1, mend, start: broken() });
    expect(results.map((result) => result.outcome)).toEqual(['survived', 'survived', 'survived']);
    expect(asked).toBe(1);
  });

  it('and is whole lost its trial; one that did is not asked about', async () => {
    let asked = 0;
    const mend = async (): Promise<boolean> => ++asked === 0;
    const lost = await campaign(2, { jobs: 1, mend, start: broken() });
    expect(lost.results.map((result) => result.outcome)).toEqual(['lost', 'survived']);
    expect(asked).toBe(1);
  });

  it('alone, when no other was started, is a failure of the environment', async () => {
    await expect(
      campaign(1, {
        start: () => {
          throw gone;
        },
      }),
    ).rejects.toThrow('QEMU died');
  });
});

describe('a saved guest that QEMU refuses', () => {
  const refused = new StateRefused('/state', 'Unknown savevm section');
  const refuse = (count: number): FakeMachine => {
    if (count === 0) throw refused;
    return guest();
  };

  it('is made again, and the trial takes place', async () => {
    let asked = 0;
    const remake = async (): Promise<boolean> => ++asked > 0;
    let starts = 0;
    const start = (): FakeMachine => refuse(starts++);
    const { results } = await campaign(2, { jobs: 1, remake, start });
    expect(asked).toBe(1);
    expect(results.map((result) => result.outcome)).toEqual(['survived', 'survived']);
  });

  it('costs its trial when that does not help', async () => {
    let starts = 0;
    const start = (): FakeMachine => refuse(starts++);
    const { results } = await campaign(2, { jobs: 1, remake: async () => false, start });
    expect(results.map((result) => result.outcome)).toEqual(['lost', 'survived']);
  });

  it('whose guest ends before a word a second time is lost with what it left', async () => {
    const note = { durationMs: 7, start: 'restored', tie: null } as const;
    const end = { how: 'machine-ended', exitCode: 0, signal: null, stderr: '' } as const;
    const [plan] = planTrials(
      { scenario: release, durationMs: null, nonce: newNonce },
      { placements: ['builtin'], trials: 1, seed: 1 },
    );
    if (!plan) throw new Error('one trial is planned');
    const files = {
      note: { ...note, plan, end },
      console: Buffer.from('last words'),
      ...{ readyRecords: '', records: '', trace: '' },
    };
    const start = (): FakeMachine => {
      throw new StateRefused('/state', 'QEMU ended', { files, argv: ['q'] });
    };
    let asked = 0;
    const remake = async (): Promise<boolean> => asked++ === 0;
    const { results } = await campaign(1, { jobs: 1, remake, start });
    expect(asked).toBe(1);
    expect(results).toMatchObject([{ outcome: 'lost', durationMs: 7 }]);
    expect(await directory.readText('builtin-0/console.log')).toBe('last words');
  });
});
