// SPDX-License-Identifier: MIT
import { readFile, readlink } from 'node:fs/promises';
import { z } from 'zod';

/** Every container and volume that dmrace makes carries these labels. */
export const OWNED = 'dmrace.owner';

/** Labels that say which process made something. A pid counts only in its namespace and boot. */
export const OwnerLabels = z.object({
  [OWNED]: z.literal('1'),
  'dmrace.owner.boot': z.string(),
  'dmrace.owner.pidns': z.string(),
  'dmrace.owner.pid': z.string(),
  'dmrace.owner.start': z.string(),
});
export type OwnerLabels = z.infer<typeof OwnerLabels>;

/** When a process started, in clock ticks since boot; '' when it is gone (proc(5), stat, 22). */
export async function processStart(pid: string): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field is the name in parentheses, which may hold anything.
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}

/** The labels of this process. */
export async function ownerLabels(): Promise<OwnerLabels> {
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  return {
    [OWNED]: '1',
    'dmrace.owner.boot': boot.trim(),
    'dmrace.owner.pidns': await readlink('/proc/self/ns/pid').catch(() => ''),
    'dmrace.owner.pid': String(process.pid),
    'dmrace.owner.start': await processStart(String(process.pid)),
  };
}

/** What is known of something with owner labels. */
export interface OwnedFacts {
  readonly labels: OwnerLabels;
  /** Its container runs. */
  readonly running: boolean;
  readonly ageMs: number;
}

/** Something that never runs and whose owner cannot be seen from here is left this long. */
const UNKNOWN_KEPT_MS = 3600_000;

/**
 * Whether something may be removed. Its owner is dead when no process of its pid started when it
 * did; of an owner in another pid namespace or on another machine nothing can be seen, so only its
 * end and its age count. A running container of such an owner ends by itself when the owner does,
 * because its stdin closes.
 * @param startOf {@link processStart}
 */
export async function abandoned(
  facts: OwnedFacts,
  ours: OwnerLabels,
  startOf: (pid: string) => Promise<string>,
): Promise<boolean> {
  const theirs = facts.labels;
  const here =
    theirs['dmrace.owner.boot'] === ours['dmrace.owner.boot'] &&
    theirs['dmrace.owner.pidns'] === ours['dmrace.owner.pidns'];
  if (!here) return !facts.running && facts.ageMs > UNKNOWN_KEPT_MS;
  return (await startOf(theirs['dmrace.owner.pid'])) !== theirs['dmrace.owner.start'];
}
