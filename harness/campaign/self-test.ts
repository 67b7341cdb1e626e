// SPDX-License-Identifier: GPL-2.0-only
import { randomBytes } from 'node:crypto';
import { buildInitramfs } from '../initramfs/build.js';
import { judgeTrial } from '../judge/trial.js';
import { prepareKernel } from '../kernel/prepare.js';
import type { Arch } from '../model/arch/index.js';
import type { TrialFiles, TrialResult } from '../model/trial.js';
import { GUEST_MEMORY_MIB } from '../qemu/command-line.js';
import { qemuMachines } from '../qemu/machine.js';
import { runInGuest } from '../trial/trial.js';
import { openCache } from '../util/cache.js';

/** A hang is told by silence, so this is how long the self-test takes at least. */
const SILENCE_MS = 10_000;

/** A crash made on purpose and what the harness must say of it. */
interface Crime {
  readonly how: 'oops' | 'warn' | 'bug' | 'hang' | 'silent';
  readonly caught: (result: TrialResult, files: TrialFiles) => boolean;
  readonly wanted: string;
}

const found =
  (kind: RegExp) =>
  (result: TrialResult): boolean =>
    result.outcome === 'crashed' &&
    result.findings.some((f) => kind.test(f.kind) && f.function.startsWith('dmrace_crash_'));

/** What the guest can be told to do to itself (vm/helper). */
export const CRIMES: readonly Crime[] = [
  { how: 'oops', caught: found(/^null-deref$/), wanted: 'a NULL dereference in dmrace_crash_oops' },
  { how: 'warn', caught: found(/^warning$/), wanted: 'a WARNING in dmrace_crash_warn' },
  { how: 'bug', caught: found(/^bug-on$/), wanted: 'a BUG in dmrace_crash_bug' },
  {
    how: 'hang',
    caught: (result, files) => result.outcome === 'lost' && files.note.end.how === 'deadline',
    wanted: 'lost: silent until the deadline',
  },
  {
    how: 'silent',
    caught: (result, files) => result.outcome === 'lost' && files.note.end.how === 'machine-ended',
    wanted: 'lost: ended without a closing record',
  },
];

/** Boots the guest of the main job once for each crime; all must be caught and named. */
export async function selfTest(arch: Arch, signal: AbortSignal): Promise<number> {
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const cache = await openCache(signal);
  const kernel = await prepareKernel(cache, 'debian', arch, say);
  const initramfs = await buildInitramfs(cache, kernel, 'builtin', true, say, signal);
  let failed = 0;
  for (const crime of CRIMES) {
    const plan = {
      placement: 'builtin' as const,
      index: 0,
      seed: 0,
      nonce: randomBytes(16).toString('hex'),
      scenario: 'self-test',
      yieldAfter: 0,
    };
    const { files } = await runInGuest(
      qemuMachines,
      {
        arch,
        accel: 'tcg',
        image: kernel.image,
        initramfs,
        parameters: [kernel.preemptParameter],
        memoryMiB: GUEST_MEMORY_MIB,
        restoreFrom: null,
        deterministic: false,
      },
      plan,
      `crash nonce=${plan.nonce} how=${crime.how}`,
      signal,
      { deadlineMs: SILENCE_MS },
    );
    const result = judgeTrial(files);
    const caught = crime.caught(result, files);
    if (!caught) failed++;
    const seen = result.findings[0]?.title ?? result.reasons[0] ?? result.outcome;
    say(
      `${caught ? 'caught' : 'MISSED'} ${crime.how}: ${seen}${caught ? '' : ` (wanted ${crime.wanted})`}`,
    );
    signal.throwIfAborted();
  }
  say(failed === 0 ? 'self-test: all caught' : `self-test: ${failed} of ${CRIMES.length} missed`);
  return failed === 0 ? 0 : 128;
}
