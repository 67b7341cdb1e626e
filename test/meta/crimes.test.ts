// SPDX-License-Identifier: GPL-2.0-only
// The tester is tested: real guests that crash, hang, lie or vanish, and the verdict that must follow.
import { beforeAll, describe, expect, it } from 'vitest';
import { CRIMES } from '../../harness/campaign/self-test.js';
import { judgeTrial } from '../../harness/judge/trial.js';
import { judgeRun } from '../../harness/judge/verdict.js';
import type { TrialFiles, TrialPlan } from '../../harness/model/trial.js';
import type { MachineSpec } from '../../harness/ports.js';
import { qemuMachines } from '../../harness/qemu/machine.js';
import { release } from '../../harness/scenarios/release.js';
import { runInGuest, trialCommand } from '../../harness/trial/trial.js';
import { guestSpec, trialPlan } from '../support/guest.js';

const never = new AbortController().signal;
let builtin: MachineSpec;
let control: MachineSpec;

beforeAll(async () => {
  builtin = await guestSpec('builtin');
  control = await guestSpec('in-module');
});

async function guest(
  spec: MachineSpec,
  plan: TrialPlan,
  command: string,
  options: Partial<Parameters<typeof runInGuest>[5]> = {},
): Promise<TrialFiles> {
  const { files } = await runInGuest(qemuMachines, spec, plan, command, never, {
    deadlineMs: 10_000,
    ...options,
  });
  return files;
}

/** A run of this one trial beside a control that crashed must not be closed. */
function verdictWith(files: TrialFiles): string {
  const question = {
    scenario: 'release',
    targetCause: release.targetCause,
    control: release.control,
    trials: 1,
    placements: release.placements,
  };
  return judgeRun(question, [judgeTrial(files)]).verdict;
}

describe('a guest that harms its own kernel', () => {
  it.each(CRIMES)('$how: $wanted', async (crime) => {
    const plan = trialPlan('builtin', 'self-test');
    const files = await guest(builtin, plan, `crash nonce=${plan.nonce} how=${crime.how}`);
    const result = judgeTrial(files);
    expect(crime.caught(result, files), JSON.stringify(result.reasons)).toBe(true);
    expect(result.outcome).not.toBe('survived');
    expect(verdictWith(files)).toBe('inconclusive');
  });
});

describe('a guest that lies', () => {
  it('a closing record with another nonce is a lost trial', async () => {
    const plan = trialPlan('builtin');
    const forged = { ...plan, nonce: 'f'.repeat(32) };
    const files = await guest(builtin, plan, trialCommand(forged, release), { deadlineMs: 60_000 });
    const result = judgeTrial(files);
    expect(result.outcome).toBe('lost');
    expect(result.reached).toBe(false);
    expect(result.reasons.join()).toContain('f'.repeat(32));
    expect(verdictWith(files)).toBe('inconclusive');
  });

  it('the control’s module booted as the subject is found out by the kobject’s release address', async () => {
    const plan = trialPlan('builtin');
    const files = await guest(control, plan, trialCommand(plan, release), { deadlineMs: 60_000 });
    const result = judgeTrial(files);
    expect(result.outcome).toBe('crashed');
    expect(result.reached).toBe(false);
    expect(result.reasons.join()).toContain('dm_kobject_release in dm_mod');
  });

  it('the subject booted as the control does not make a control', async () => {
    const plan = trialPlan('in-module');
    const files = await guest(builtin, plan, trialCommand(plan, release), { deadlineMs: 60_000 });
    const result = judgeTrial(files);
    expect(result.outcome).toBe('not-reached');
    expect(result.reasons.join()).toContain('in vmlinux');
  });
});

describe('a rig that breaks', () => {
  it('a QEMU that dies in the middle is a lost trial', async () => {
    const plan = trialPlan('builtin');
    const files = await guest(builtin, plan, trialCommand(plan, release), {
      deadlineMs: 60_000,
      whenReady: async (machine) => {
        await machine.qmp('quit');
        await machine.ended;
      },
    });
    const result = judgeTrial(files);
    expect(files.note.end.how).toBe('machine-ended');
    expect(result.outcome).toBe('lost');
    expect(verdictWith(files)).toBe('inconclusive');
  });

  it('a kernel that is not one is a QEMU or guest that never gets ready, not a pass', async () => {
    const plan = trialPlan('builtin');
    const spec = { ...builtin, image: builtin.initramfs };
    const outcome = await guest(spec, plan, trialCommand(plan, release)).then(
      (files) => judgeTrial(files).outcome,
      (error: unknown) => (error instanceof Error ? error.name : 'unknown'),
    );
    expect(['lost', 'DmraceError']).toContain(outcome);
  });
});
