// SPDX-License-Identifier: MIT
// The tester is tested: real guests that crash, hang, lie or vanish, and the verdict that must follow.
import { beforeAll, describe, expect, it } from 'vitest';
import { CRIMES } from '../../harness/campaign/self-test.js';
import { judgeTrial } from '../../harness/judge/trial.js';
import { judgeRun } from '../../harness/judge/verdict.js';
import { CRASHES } from '../../harness/model/recipe.js';
import type { TrialFiles, TrialPlan } from '../../harness/model/trial.js';
import type { Question } from '../../harness/model/verdict.js';
import type { MachineSpec } from '../../harness/ports.js';
import { questionOf } from '../../harness/runs/saved-run.js';
import { release } from '../../harness/scenarios/release.js';
import { type GuestOrder, runInGuest, runTrial, trialCommand } from '../../harness/trial/trial.js';
import { crashPlan, guestSpec, hostOf, trialPlan } from '../support/guest.js';

let builtin: MachineSpec;
let control: MachineSpec;

beforeAll(async () => {
  builtin = await guestSpec('builtin');
  control = await guestSpec('in-module');
});

/** Runs a trial as it is planned. */
async function guest(
  spec: MachineSpec,
  plan: TrialPlan,
  options: Partial<Pick<GuestOrder, 'deadlineMs' | 'whenReady'>> = {},
): Promise<TrialFiles> {
  const { files } = await runTrial(hostOf(spec), plan, { deadlineMs: 10_000, ...options });
  return files;
}

const QUESTION: Question = questionOf({
  schema: 2,
  scenario: 'release',
  trials: 1,
  placements: [...release.placements],
});

/** A run of this one trial beside a control that crashed must not be closed. */
const verdictWith = (files: TrialFiles): string => judgeRun(QUESTION, [judgeTrial(files)]).verdict;

describe('a guest that harms its own kernel', () => {
  it.each(CRASHES.map((how) => ({ how, ...CRIMES[how] })))('$how: $wanted', async (crime) => {
    const files = await guest(builtin, crashPlan(crime.how));
    const result = judgeTrial(files);
    expect(crime.caught(result, files), JSON.stringify(result.reasons)).toBe(true);
    expect(result.outcome).not.toBe('survived');
    expect(verdictWith(files)).toBe('inconclusive');
  });
});

describe('a guest that lies', () => {
  it('a closing record with another nonce is a lost trial', async () => {
    const plan = trialPlan('builtin');
    const { output, end, durationMs } = await runInGuest(hostOf(builtin), {
      command: trialCommand({ ...plan, nonce: 'f'.repeat(32) }),
      nonce: plan.nonce,
      deadlineMs: 60_000,
    });
    const note = { plan, end, durationMs, start: 'booted', tie: null } as const;
    const files = { ...output, note };
    const result = judgeTrial(files);
    expect(result.outcome).toBe('lost');
    expect(result.reached).toBe(false);
    expect(result.reasons.join()).toContain('f'.repeat(32));
    expect(verdictWith(files)).toBe('inconclusive');
  });

  it('the control’s module booted as the subject is found out by the kobject’s release address', async () => {
    const plan = trialPlan('builtin');
    const files = await guest(control, plan, { deadlineMs: 60_000 });
    const result = judgeTrial(files);
    expect(result.outcome).toBe('crashed');
    expect(result.reached).toBe(false);
    expect(result.reasons.join()).toContain('dm_kobject_release in dm_mod');
  });

  it('the subject booted as the control does not make a control', async () => {
    const plan = trialPlan('in-module');
    const files = await guest(builtin, plan, { deadlineMs: 60_000 });
    const result = judgeTrial(files);
    expect(result.outcome).toBe('not-reached');
    expect(result.reasons.join()).toContain('in vmlinux');
  });
});

describe('a rig that breaks', () => {
  it('a QEMU that dies in the middle is a lost trial', async () => {
    const plan = trialPlan('builtin');
    const files = await guest(builtin, plan, {
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
    const outcome = await guest(spec, plan).then(
      (files) => judgeTrial(files).outcome,
      (error: unknown) => (error instanceof Error ? error.name : 'unknown'),
    );
    expect(['lost', 'DmraceError']).toContain(outcome);
  });
});
