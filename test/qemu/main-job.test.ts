// SPDX-License-Identifier: MIT
// The real thing: the stock Debian kernel, both placements, through the command line.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { dmrace } from '../support/command.js';
import { bootedTrial } from '../support/guest.js';

const Output = z.looseObject({
  schema: z.literal(1),
  verdict: z.string(),
  reasons: z.array(z.string()),
  kernel: z.looseObject({ release: z.string(), preempt: z.string(), configSha256: z.string() }),
  placements: z.record(
    z.string(),
    z.looseObject({
      trials: z.number(),
      reached: z.number(),
      crashed: z.number(),
      lost: z.number(),
      tailCall: z.boolean().nullable(),
    }),
  ),
  trials: z.array(
    z.looseObject({
      placement: z.string(),
      outcome: z.string(),
      reached: z.boolean(),
      steps: z.array(z.looseObject({ step: z.number(), atUs: z.number(), evidence: z.string() })),
      findings: z.array(z.looseObject({ cause: z.string(), resolved: z.string().optional() })),
      provenance: z.looseObject({ symbol: z.string(), module: z.string() }).nullable(),
    }),
  ),
});

let work: string;
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'dmrace-test-'));
});
afterAll(async () => {
  await rm(work, { recursive: true, force: true });
});

describe('scenario release', () => {
  let out: string;
  let output: z.infer<typeof Output>;

  beforeAll(async () => {
    out = path.join(work, 'release');
    const result = await dmrace(['run', '--trials', '3', '--format', 'json', '--out', out]);
    expect(result.exitCode, result.stderr).toBe(0);
    output = Output.parse(JSON.parse(result.stdout));
  });

  it('is closed: all reached, none of the subject crashed, all of the control did', () => {
    expect(output.verdict).toBe('closed');
    expect(output.placements.builtin).toMatchObject({ trials: 3, reached: 3, crashed: 0, lost: 0 });
    expect(output.placements['in-module']).toMatchObject({ trials: 3, reached: 3, crashed: 3 });
  });

  it('every trial carries the ten steps in order, with the line that proves each', () => {
    for (const trial of output.trials) {
      expect(trial.steps.map((step) => step.step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      const times = trial.steps.map((step) => step.atUs);
      expect(times).toEqual([...times].sort((a, b) => a - b));
      expect(trial.steps.every((step) => step.evidence.length > 20)).toBe(true);
    }
  });

  it('the control crashes in the release method of the module that is gone', () => {
    for (const trial of output.trials.filter((t) => t.placement === 'in-module')) {
      expect(trial.findings.map((f) => f.cause)).toEqual(['release-in-unloaded-text']);
      expect(trial.findings[0]?.resolved).toMatch(
        /^dm_kobject_release\+0x[0-9a-f]+ \[unloaded dm_mod\]$/,
      );
      expect(trial.provenance).toMatchObject({ symbol: 'dm_kobject_release', module: 'dm_mod' });
    }
    for (const trial of output.trials.filter((t) => t.placement === 'builtin')) {
      expect(trial.provenance).toMatchObject({ symbol: 'dm_kobject_release', module: '' });
    }
  });

  it('reads from the booted code that the control returns into the method', () => {
    expect(output.placements['in-module']?.tailCall).toBe(false);
    expect(output.placements.builtin?.tailCall).not.toBeNull();
  });

  it('started every trial from the saved ready state', async () => {
    const note = await readFile(path.join(out, 'builtin-0', 'trial.json'), 'utf8');
    expect(JSON.parse(note)).toMatchObject({ start: 'restored' });
  });

  it('keeps the artefacts of every trial', async () => {
    const argv = await readFile(path.join(out, 'builtin-0', 'qemu.argv'), 'utf8');
    expect(argv).toContain('preempt=full');
    for (const file of ['console.log', 'records.jsonl', 'trace.txt', 'result.json']) {
      expect((await readFile(path.join(out, 'in-module-2', file))).length).toBeGreaterThan(100);
    }
  });

  it('judge agrees, from the files alone', async () => {
    const result = await dmrace(['judge', out, '--format', 'json']);
    expect(result.exitCode, result.stderr).toBe(0);
    const judged = Output.parse(JSON.parse(result.stdout));
    expect(judged.verdict).toBe(output.verdict);
    expect(judged.trials).toEqual(output.trials);
    expect(judged.placements).toEqual(output.placements);
  });

  it('judge never calls damaged evidence closed', async () => {
    const trace = path.join(out, 'builtin-1', 'trace.txt');
    const whole = await readFile(trace);
    await writeFile(trace, whole.subarray(0, whole.length / 2));
    const result = await dmrace(['judge', out]);
    await writeFile(trace, whole);
    expect(result.exitCode).toBe(125);
    expect(result.stdout).toMatch(/^inconclusive/);
  });

  it('prints KTAP and JUnit', async () => {
    const ktap = (await dmrace(['judge', out, '--format', 'ktap'])).stdout;
    // Debian's method jumps, so as-compiled goes along.
    expect(ktap).toMatch(/^KTAP version 1\n1\.\.3\n/);
    expect(ktap).not.toMatch(/^not ok/m);
    const junit = (await dmrace(['judge', out, '--format', 'junit'])).stdout;
    expect(junit).toContain('<testsuites name="dmrace release" tests="7" failures="0" errors="0"');
  });
});

describe('trials that boot', () => {
  it('end as restored ones do', async () => {
    for (const placement of ['builtin', 'in-module'] as const) {
      const { files, result } = await bootedTrial(placement);
      expect(files.note.start).toBe('booted');
      expect(result.reached, result.reasons.join()).toBe(true);
      expect(result.outcome).toBe(placement === 'builtin' ? 'survived' : 'crashed');
    }
  });
});

describe('scenario disk-release', () => {
  it('is open: disk_release() reads the unloaded module’s operations', async () => {
    const out = path.join(work, 'disk-release');
    const result = await dmrace([
      'run',
      '--scenario',
      'disk-release',
      '--trials',
      '2',
      '--format',
      'json',
      '--out',
      out,
    ]);
    expect(result.exitCode, result.stderr).toBe(1);
    const output = Output.parse(JSON.parse(result.stdout));
    expect(output.verdict).toBe('open');
    const causes = { builtin: ['disk-release-fops'], planted: ['planted-release'] };
    expect(new Set(output.trials.map(({ placement }) => placement))).toEqual(
      new Set(['builtin', 'planted', 'planted-twin']),
    );
    for (const trial of output.trials) {
      expect(trial.reached).toBe(true);
      const wanted = new Map(Object.entries(causes)).get(trial.placement) ?? [];
      expect(trial.findings.map((f) => f.cause)).toEqual(wanted);
    }
    expect((await dmrace(['judge', out])).exitCode).toBe(1);
  });
});

describe('one placement alone', () => {
  it('the subject without its control is inconclusive, whatever it does', async () => {
    const out = path.join(work, 'alone');
    const result = await dmrace(['run', '--placement', 'builtin', '--trials', '1', '--out', out]);
    expect(result.exitCode).toBe(125);
    expect(result.stdout).toContain('the control (in-module) was not tried');
  });
});
