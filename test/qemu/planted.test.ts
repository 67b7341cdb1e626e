// SPDX-License-Identifier: MIT
// The planted control in real guests: it crashes, its twin does not, and what the verdict is when it
// is made not to crash.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newNonce, planTrial } from '../../harness/campaign/plan.js';
import { openWork } from '../../harness/campaign/set-up.js';
import { judgeTrial } from '../../harness/judge/trial.js';
import { judgeRun } from '../../harness/judge/verdict.js';
import type { Placement } from '../../harness/model/placement.js';
import type { TrialResult } from '../../harness/model/trial.js';
import type { Stages } from '../../harness/ports.js';
import { guestArch } from '../../harness/rig/guest-arch.js';
import { prepareRig, type ReadyRig } from '../../harness/rig/rig.js';
import { questionOf, readSavedRun, type SavedRun } from '../../harness/runs/saved-run.js';
import { diskRelease } from '../../harness/scenarios/disk-release.js';
import { deadlines, runTrial } from '../../harness/trial/trial.js';
import { dmrace } from '../support/command.js';

const KERNEL = 'debian:6.1';
const PLACEMENTS: readonly Placement[] = ['builtin', 'planted', 'planted-twin'];
const quiet: Stages = { stage: (_, work) => work(() => undefined), timing: {} };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dmrace-planted-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('disk-release on a stock kernel', () => {
  let saved: SavedRun;
  beforeAll(async () => {
    const out = path.join(folder, 'run');
    const wanted = ['--kernel', KERNEL, '--scenario', 'disk-release', '--trials', '1'];
    const { exitCode, stderr } = await dmrace(['run', ...wanted, '--out', out]);
    expect(exitCode, stderr).toBe(1);
    saved = await readSavedRun(out);
  }, 300_000);

  it('is open, with a control that crashed and a twin that survived', () => {
    const { verdict, placements } = saved.result;
    expect(verdict).toBe('open');
    expect(placements.planted).toMatchObject({ crashed: 1, reached: 1 });
    expect(placements['planted-twin']).toMatchObject({ trials: 1, crashed: 0, reached: 1 });
    const planted = saved.counted.whole.find(({ result }) => result.placement === 'planted');
    expect(planted?.result.findings.map(({ cause }) => cause)).toEqual(['planted-release']);
  });

  it('leaves the subject’s guest without a module of the planted control', () => {
    const subject = saved.counted.whole.find(({ result }) => result.placement === 'builtin');
    expect(subject?.files.readyRecords).toContain('"dm_mod"');
    expect(subject?.files.readyRecords).not.toMatch(/dmrace_(planted|pinned)/);
  });
});

describe('a planted control that is made not to crash', () => {
  let rig: ReadyRig;
  beforeAll(async () => {
    const arch = guestArch();
    const work = await openWork(arch, new AbortController().signal);
    const request = {
      kernel: KERNEL,
      scenario: diskRelease,
      placements: PLACEMENTS,
      accel: 'auto',
      deterministic: false,
    } as const;
    rig = await prepareRig(work, request, quiet);
  }, 300_000);

  /** A trial that is planned for one placement, in the guest of another. */
  const trialIn = async (planned: Placement, guest: Placement): Promise<TrialResult> => {
    const request = { scenario: diskRelease, durationMs: null, nonce: newNonce };
    const plan = planTrial(request, { placement: planned, index: 0, seed: 1 });
    const host = rig.host(guest);
    const start = rig.start({ placement: guest, index: 1 });
    const { files } = await runTrial(host, plan, { ...start, ...deadlines(plan, host.spec) });
    return judgeTrial(files);
  };

  it('by its twin in its place, leaves a subject that survives inconclusive', async () => {
    const control = await trialIn('planted', 'planted-twin');
    const twin = await trialIn('planted-twin', 'planted-twin');
    expect(control.findings).toEqual([]);
    expect(twin).toMatchObject({ outcome: 'survived', reached: true });
    const placements = [...PLACEMENTS];
    const asked = { schema: 2, scenario: 'disk-release', trials: 1, placements } as const;
    const subject: TrialResult = { ...twin, placement: 'builtin', role: 'subject' };
    const { verdict, exitCode, reasons } = judgeRun(questionOf(asked), [subject, control, twin]);
    expect({ verdict, exitCode }).toEqual({ verdict: 'inconclusive', exitCode: 125 });
    expect(reasons).toContain(
      'the control (planted) was not tried, so silence of the subject proves nothing',
    );
  }, 120_000);
});
