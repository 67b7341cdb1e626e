// SPDX-License-Identifier: MIT
import { newNonce } from '../../harness/campaign/plan.js';
import { judgeTrial } from '../../harness/judge/trial.js';
import { COMPARED_PLACEMENTS } from '../../harness/model/placement.js';
import type { ReadyRig } from '../../harness/rig/rig.js';
import { runTrial } from '../../harness/trial/trial.js';
import { rawInitramfs, runRaw } from './raw.js';
import { median, type Oopsed, type Results } from './results.js';
import { rigOf, say, timedTrial } from './rig.js';
import { type Ended, fetchVirtme, virtmeConfig } from './virtme.js';

/** A program that has said nothing for so long is killed. */
const TIMEOUT_MS = 90_000;

/** Tells the kernel to crash in a process of its own, and says that it came back. */
const oops = (modules: readonly string[]): string =>
  [...modules.map((file) => `insmod ${file}`), '(echo oops >/dev/dmrace)', 'uname -r'].join('; ');

const lastLines = (text: string): string =>
  text
    .trim()
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .slice(-3)
    .join(' / ')
    .slice(0, 300);

const oopsed = (program: string, end: Ended): Oopsed => ({
  program,
  exitCode: end.exitCode,
  seconds: end.ms / 1000,
  said: `${/Oops|BUG:/.test(end.output) ? 'the oops is in the output; ' : 'no word of the oops; '}last: ${lastLines(end.output) || 'nothing'}`,
});

async function dmraceOopsed(rig: ReadyRig, signal: AbortSignal): Promise<Oopsed> {
  const began = performance.now();
  const plan = {
    recipe: 'crash',
    placement: 'builtin',
    index: 0,
    seed: 0,
    nonce: newNonce(),
    scenario: 'self-test',
    how: 'oops',
  } as const;
  const { files } = await runTrial(rig.host('builtin', signal), plan, {
    ...rig.start(plan),
    deadlineMs: 30_000,
  });
  const result = judgeTrial(files);
  const [finding] = result.findings;
  return {
    program: 'dmrace, restored',
    exitCode: result.outcome === 'crashed' ? 1 : 0,
    seconds: (performance.now() - began) / 1000,
    said: `${result.outcome}: ${finding?.title ?? 'no finding'}`,
  };
}

/** One command under virtme-ng and under QEMU by hand; a whole trial of dmrace; one kernel. */
export async function measureOthers(
  root: string,
  source: string,
  work: string,
  repeats: number,
  signal: AbortSignal,
): Promise<NonNullable<Results['others']>> {
  const cache = (await rigOf('debian', signal)).work.cache;
  const config = await virtmeConfig(root, cache);
  const rig = await rigOf(`src:${source}`, signal, { profiles: [], config, allModules: true });
  const virtme = await fetchVirtme(cache);
  const { kernel } = rig;
  const plain = await rawInitramfs(work, kernel, 'plain', 'uname -r');
  const times: Record<'virtmeMs' | 'rawMs' | 'bootedMs' | 'restoredMs', number[]> = {
    virtmeMs: [],
    rawMs: [],
    bootedMs: [],
    restoredMs: [],
  };
  const worked = (what: string, end: Ended): number => {
    if (end.output.includes(kernel.identity.release)) return end.ms;
    throw new Error(`${what} did not run its command (${end.exitCode}): ${lastLines(end.output)}`);
  };
  for (let index = 0; index < repeats; index++) {
    const placement = COMPARED_PLACEMENTS[index % 2] ?? 'builtin';
    times.virtmeMs.push(
      worked('virtme-ng', await virtme.run(kernel.image, 'uname -r', TIMEOUT_MS)),
    );
    times.rawMs.push(worked('QEMU', await runRaw(kernel.image, plain, TIMEOUT_MS)));
    times.bootedMs.push((await timedTrial(rig, placement, index, 'booted', signal)).ms);
    times.restoredMs.push((await timedTrial(rig, placement, index, 'restored', signal)).ms);
    say(
      `others ${index + 1}/${repeats}: ${Object.entries(times)
        .map(([name, values]) => `${name} ${values.at(-1)?.toFixed(0)}`)
        .join(', ')}`,
    );
  }
  const dm = kernel.objects.builtin;
  const crashing = await rawInitramfs(
    work,
    kernel,
    'crashing',
    oops(['/modules/dm-mod.ko', '/modules/dmrace_helper.ko']),
  );
  const oopses = [
    oopsed(
      `virtme-ng ${virtme.version}`,
      await virtme.run(kernel.image, oops([dm, kernel.helper]), TIMEOUT_MS),
    ),
    oopsed('QEMU and an initramfs', await runRaw(kernel.image, crashing, TIMEOUT_MS)),
    await dmraceOopsed(rig, signal),
  ];
  say(`virtme-ng ${median(times.virtmeMs).toFixed(0)} ms`);
  return {
    kernel: kernel.identity.release,
    virtme: virtme.version,
    ...times,
    oopsed: oopses,
  };
}
