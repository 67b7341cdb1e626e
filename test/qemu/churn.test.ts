// SPDX-License-Identifier: MIT
// A short soak in a real guest.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RunResultJson } from '../../harness/report/run-result.js';
import { dmrace } from '../support/command.js';

let work: string;
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'dmrace-test-'));
});
afterAll(async () => {
  await rm(work, { recursive: true, force: true });
});

describe('dmrace run --scenario churn', () => {
  it('counts lives of device and module under readers, and is never closed', async () => {
    const out = path.join(work, 'churn');
    const args = ['--scenario', 'churn', '--duration', '5s', '--format', 'json', '--out', out];
    const run = await dmrace(['run', ...args]);
    const result = RunResultJson.parse(JSON.parse(run.stdout));
    expect(result.verdict, run.stdout).toBe('inconclusive');
    expect(result.trials).toHaveLength(1);
    const [trial] = result.trials;
    expect(trial?.churn).toMatchObject({ over: true });
    expect(trial?.churn?.cycles).toBeGreaterThan(0);
    expect(trial?.churn?.reads).toBeGreaterThan(0);
    expect(trial?.churn?.elapsedMs).toBeGreaterThanOrEqual(5000);
    // What a soak finds on this kernel is the kernel's; that it is told is ours.
    const found = result.trials.flatMap(({ findings }) => findings);
    expect(run.exitCode).toBe(found.length > 0 ? 1 : 125);
    expect(result.reasons.join('\n')).toMatch(/a soak claims no window|crash of another cause/);

    const judged = await dmrace(['judge', out, '--format', 'json']);
    expect(RunResultJson.parse(JSON.parse(judged.stdout)).trials).toEqual(result.trials);
    const report = await dmrace(['report', out]);
    expect(report.exitCode, report.stderr).toBe(0);
  });

  it('--duration with a scenario that ends by itself is wrong usage', async () => {
    const run = await dmrace(['run', '--duration', '5s']);
    expect(run.exitCode).toBe(129);
    expect(run.stderr).toContain('--duration with --scenario release');
  });
});
