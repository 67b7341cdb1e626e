// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { median, type Results } from './results.js';
import { say } from './rig.js';

const Output = z.looseObject({
  verdict: z.string(),
  trials: z.array(z.looseObject({ outcome: z.string(), durationMs: z.number() })),
  timing: z.looseObject({ trialsMs: z.number() }),
});

/** Clock ticks of /proc/PID/stat: USER_HZ, 100 on every architecture that dmrace knows. */
const TICKS_PER_S = 100;

/** The CPU time of a process, and of all its children that have ended (proc(5), stat). */
async function cpuOf(pid: number): Promise<{ own: number; children: number } | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  const fields = text
    ?.slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  if (!fields) return null;
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15);
  return { own: (user + system) / TICKS_PER_S, children: (childUser + childSystem) / TICKS_PER_S };
}

async function rssMiB(pid: number): Promise<number | null> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(text)?.[1];
  return kib === undefined ? null : Number(kib) / 1024;
}

/** One long campaign through the command line, two VMs side by side, both placements. */
export async function measureCampaign(
  program: string,
  work: string,
  trials: number,
  signal: AbortSignal,
): Promise<NonNullable<Results['campaign']>> {
  const jobs = 2;
  const began = performance.now();
  const run = execa(
    process.execPath,
    [program, 'run', '--quiet', '--accel', 'tcg', '--format', 'json'].concat(
      ['--jobs', String(jobs), '--trials', String(Math.ceil(trials / 2))],
      ['--out', path.join(work, 'campaign')],
    ),
    {
      cancelSignal: signal,
      reject: false,
      env: { DMRACE_DOCKER: 'never' },
      maxBuffer: 256 << 20,
    },
  );
  const pid = run.pid ?? 0;
  const rss: [number, number][] = [];
  let cpu = { own: 0, children: 0 };
  const sample = async (): Promise<void> => {
    const seconds = (performance.now() - began) / 1000;
    const memory = await rssMiB(pid);
    if (memory !== null) rss.push([Math.round(seconds), Math.round(memory)]);
    cpu = (await cpuOf(pid)) ?? cpu;
  };
  const timer = setInterval(() => void sample(), 1000);
  const said = setInterval(() => say(`campaign: ${rss.at(-1)?.join(' s, RSS ')} MiB`), 30_000);
  try {
    const result = await run;
    const output = Output.parse(JSON.parse(result.stdout));
    return {
      trials: output.trials.length,
      jobs,
      seconds: output.timing.trialsMs / 1000,
      trialMs: median(output.trials.map((trial) => trial.durationMs)),
      lost: output.trials.filter((trial) => trial.outcome === 'lost').length,
      verdict: output.verdict,
      ownCpuS: cpu.own,
      runCpuS: cpu.own + cpu.children,
      rssMiB: rss,
    };
  } finally {
    clearInterval(timer);
    clearInterval(said);
  }
}
