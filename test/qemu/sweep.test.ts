// SPDX-License-Identifier: MIT
// The real thing: the holder at every block of the remover, and runs that repeat to the bit.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { dmrace } from '../support/command.js';

const Sweep = z.looseObject({
  verdict: z.string(),
  blocks: z.record(z.string(), z.number()),
  points: z.array(
    z.looseObject({
      placement: z.string(),
      point: z.union([z.number(), z.literal('after')]),
      outcome: z.string(),
      block: z.looseObject({ waitsIn: z.string(), stack: z.array(z.string()) }).nullable(),
    }),
  ),
});
const Hashes = z.object({ console: z.string(), trace: z.string(), records: z.string() });
const Run = z.looseObject({ trials: z.array(z.looseObject({ hashes: Hashes })) });

let work: string;
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'dmrace-test-'));
});
afterAll(async () => {
  await rm(work, { recursive: true, force: true });
});

describe('dmrace sweep', () => {
  it('hits every block in both placements; only after the unload does the control crash', async () => {
    const out = path.join(work, 'sweep');
    const result = await dmrace(['sweep', '--format', 'json', '--out', out]);
    expect(result.exitCode, result.stdout + result.stderr).toBe(0);
    const sweep = Sweep.parse(JSON.parse(result.stdout));
    expect(sweep.verdict).toBe('closed');
    for (const placement of ['builtin', 'in-module']) {
      const points = sweep.points.filter((point) => point.placement === placement);
      const blocks = sweep.blocks[placement] ?? 0;
      expect(blocks).toBeGreaterThan(3);
      expect(points.map((point) => point.point)).toEqual([
        ...Array.from({ length: blocks }, (_, index) => index + 1),
        'after',
      ]);
      for (const { point, outcome, block } of points) {
        const crashes = point === 'after' && placement === 'in-module';
        expect(outcome, `${placement} ${point}`).toBe(crashes ? 'crashed' : 'survived');
        if (point === 'after') continue;
        expect(block?.stack.length).toBeGreaterThan(2);
        // Nobody else is at work in this guest: a lock that is taken would be the harness's own.
        expect(block?.waitsIn, `${placement} ${point}`).not.toMatch(/rwsem|mutex/);
      }
    }
    const judged = await dmrace(['judge', out, '--format', 'json']);
    expect(judged.exitCode, judged.stderr).toBe(0);
    expect(Sweep.parse(JSON.parse(judged.stdout)).points).toEqual(sweep.points);
  });
});

describe('dmrace run --deterministic', () => {
  const run = async (name: string, seed: number): Promise<z.infer<typeof Hashes>[]> => {
    const result = await dmrace([
      ...['run', '--deterministic', '--trials', '1', '--seed', String(seed)],
      ...['--format', 'json', '--out', path.join(work, name)],
    ]);
    expect(result.exitCode, result.stderr).toBe(0);
    return Run.parse(JSON.parse(result.stdout)).trials.map((trial) => trial.hashes);
  };

  it('the same seed gives the same console, trace and records; another seed does not', async () => {
    const first = await run('first', 1);
    expect(await run('second', 1)).toEqual(first);
    const bytes = (name: string) => readFile(path.join(work, name, 'in-module-0', 'console.log'));
    expect((await bytes('first')).equals(await bytes('second'))).toBe(true);
    const other = await run('other', 2);
    for (const [index, hashes] of first.entries()) {
      expect(other[index]?.trace).not.toBe(hashes.trace);
      expect(other[index]?.console).not.toBe(hashes.console);
    }
  });

  it('under KVM is wrong usage', async () => {
    const result = await dmrace(['run', '--deterministic', '--accel', 'kvm']);
    expect(result.exitCode).toBe(129);
    expect(result.stderr).toContain('--deterministic with --accel kvm');
  });
});
