// SPDX-License-Identifier: MIT
import { mkdir, readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';

/** A failure counts for so long: a host is mended, a QEMU updated in place. */
const FAILURE_MS = 24 * 3_600_000;

/** What a boot under KVM came to, as it is kept in the cache. */
export const Remembered = z.strictObject({
  accel: z.enum(['kvm', 'tcg']),
  why: z.string(),
  /** When it was tried. */
  at: z.iso.datetime(),
  host: z.string(),
  image: z.string(),
});
export type Remembered = z.infer<typeof Remembered>;

/** Success counts until the host, its kernel, QEMU or the guest's kernel is another one; failure for a day. */
export function stillHolds(
  { accel, at }: Pick<Remembered, 'accel' | 'at'>,
  nowMs: number,
): boolean {
  if (accel === 'kvm') return true;
  const ageMs = nowMs - Date.parse(at);
  return ageMs >= 0 && ageMs < FAILURE_MS;
}

/** The words about an answer that was not found out now. */
export const rememberedWords = (
  { why, at }: Pick<Remembered, 'why' | 'at'>,
  file: string,
): string =>
  `${why === '' ? '' : `${why}; `}remembered from ${at}; remove ${file} to have it tried again`;

/** Null when there is none, or it is from before `at` was kept. */
export async function recall(file: string): Promise<Remembered | null> {
  try {
    return Remembered.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return null;
  }
}

export async function remember(file: string, memory: Remembered): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFileAtomic(file, `${JSON.stringify(memory)}\n`);
}

/** What was found out last on a host, whatever the kernel; null when nothing was. */
export async function lastOn(
  folder: string,
  host: string,
): Promise<{ memory: Remembered; file: string } | null> {
  const names = await readdir(folder).catch(() => []);
  const all = await Promise.all(
    names.map(async (name) => {
      const file = path.join(folder, name);
      return { file, memory: await recall(file) };
    }),
  );
  const mine = all.flatMap(({ file, memory }) => (memory?.host === host ? [{ file, memory }] : []));
  return mine.sort((a, b) => b.memory.at.localeCompare(a.memory.at))[0] ?? null;
}
