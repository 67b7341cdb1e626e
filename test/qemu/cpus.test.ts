// SPDX-License-Identifier: MIT
// Guests with several processors: the parties stay on the first, what they wait for may run elsewhere.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { dmrace } from '../support/command.js';
import { bootedTrial } from '../support/guest.js';

const CPUS = 2;
const Verdict = z.looseObject({
  verdict: z.string(),
  placements: z.record(z.string(), z.looseObject({ reached: z.number(), crashed: z.number() })),
});
const Note = z.looseObject({ cpus: z.number() });

let work: string;
beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'dmrace-cpus-'));
});
afterAll(async () => {
  await rm(work, { recursive: true, force: true });
});

const run = async (name: string, ...args: readonly string[]) => {
  const out = path.join(work, name);
  const ran = await dmrace([
    ...['run', '--cpus', String(CPUS), '--trials', '2', '--format', 'json', '--out', out],
    ...args,
  ]);
  const note = Note.parse(JSON.parse(await readFile(path.join(out, 'run.json'), 'utf8')));
  const text = await readFile(path.join(out, 'builtin-0/trace.txt'), 'utf8');
  // `    dmsetup-123   [001] d..1.  12.345678: ...` (kernel, trace/ftrace.rst).
  const seen = new Set([...text.matchAll(/\[(\d{3})\]/g)].map(([, cpu]) => Number(cpu)));
  return { ran, note, seen, said: Verdict.parse(JSON.parse(ran.stdout)) };
};

describe(`guests with ${CPUS} processors`, () => {
  it('the race is closed, the control crashes, and the trace is of both', async () => {
    const { ran, note, seen, said } = await run('release');
    expect(ran.exitCode, ran.stderr).toBe(0);
    expect(said).toMatchObject({
      verdict: 'closed',
      placements: { builtin: { reached: 2, crashed: 0 }, 'in-module': { crashed: 2 } },
    });
    expect(note.cpus).toBe(CPUS);
    expect(seen).toEqual(new Set([0, 1]));
  });

  it('disk-release is open, and its planted control crashed', async () => {
    const { ran, note, said } = await run('disk-release', '--scenario', 'disk-release');
    expect(ran.exitCode, ran.stderr).toBe(1);
    expect(said).toMatchObject({
      verdict: 'open',
      placements: { builtin: { crashed: 2 }, planted: { crashed: 1 } },
    });
    expect(note.cpus).toBe(CPUS);
  });

  it('trials that boot end as restored ones do', async () => {
    for (const placement of ['builtin', 'in-module'] as const) {
      const { files, result } = await bootedTrial(placement, { cpus: CPUS });
      expect(files.note.start).toBe('booted');
      expect(result.reached, result.reasons.join()).toBe(true);
      expect(result.outcome).toBe(placement === 'builtin' ? 'survived' : 'crashed');
    }
  });
});
