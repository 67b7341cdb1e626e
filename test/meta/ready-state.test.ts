// SPDX-License-Identifier: MIT
// Saved guests that are not what they should be: found out, thrown away, made again, and said.
import {
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cacheDirectory } from '../../harness/util/cache.js';
import { sumsOf, writeSums } from '../../harness/util/sums.js';
import { dmrace, otherQemu } from '../support/command.js';
import { guestSpec } from '../support/guest.js';

let work: string;
let cache: string;
let saved: string;
let runs = 0;

/** One trial of the subject, with the saved guests in a folder of their own. */
const run = (env: Record<string, string> = {}) =>
  dmrace(
    ['run', '--accel', 'tcg', '--placement', 'builtin', '--trials', '1'].concat(
      ['--out', path.join(work, `run-${runs++}`)],
      ['--format', 'json'],
    ),
    { DMRACE_CACHE_DIR: cache, ...env },
  );

/** Every trial starts from a saved guest, and survives. */
async function reaches(result: Awaited<ReturnType<typeof run>>): Promise<void> {
  expect(result.exitCode, result.stderr).toBe(125); // no control was tried
  expect(JSON.parse(result.stdout).placements.builtin).toMatchObject({ reached: 1, lost: 0 });
  const note = path.join(work, `run-${runs - 1}`, 'builtin-0', 'trial.json');
  expect(JSON.parse(await readFile(note, 'utf8'))).toMatchObject({ start: 'restored' });
}

const folders = async (): Promise<string[]> =>
  (await readdir(path.join(cache, 'ready'))).map((name) => path.join(cache, 'ready', name));

/** What the cache of these tests has of its own: headers say in their files where they are. */
const OWN: ReadonlySet<string> = new Set(['ready', 'locks', 'sums', 'headers']);

beforeAll(async () => {
  await guestSpec('builtin'); // fills the cache that is shared below
  work = await mkdtemp(path.join(tmpdir(), 'dmrace-test-'));
  cache = path.join(work, 'cache');
  await mkdir(path.join(cache, 'ready'), { recursive: true });
  for (const kind of await readdir(cacheDirectory())) {
    if (OWN.has(kind)) continue;
    await symlink(path.join(cacheDirectory(), kind), path.join(cache, kind));
  }
  const sums = path.join(cacheDirectory(), 'sums');
  await cp(sums, path.join(cache, 'sums'), {
    recursive: true,
    filter: (from) => !OWN.has(path.relative(sums, from)),
  });
  const result = await run();
  await reaches(result);
  expect(result.stderr).toContain('booted and saved in');
  [saved = ''] = await folders();
});
afterAll(async () => {
  await rm(work, { recursive: true, force: true });
});

const at = (name: string): string => path.join(saved, name);
const bytes = async (name: string): Promise<number> => (await stat(at(name))).size;

/** The devices' stream is another one, and the sums are its: only QEMU itself can tell. */
async function exchange(content: Buffer): Promise<void> {
  await writeFile(at('devices'), content);
  const own = JSON.parse(await readFile(at('sums.json'), 'utf8'));
  const { size, mtimeMs } = await stat(at('devices'));
  own.devices = { bytes: size, mtimeMs, crc32: crc32(content) };
  await writeFile(at('sums.json'), JSON.stringify(own));
  const sums = path.join(cache, 'sums', 'ready', `${path.basename(saved)}.json`);
  await writeSums(sums, await sumsOf(saved, saved, 'built'));
}

describe('a saved guest', () => {
  it('that is as it was is used again, and its boot is kept with the run', async () => {
    const result = await run();
    await reaches(result);
    expect(result.stderr).not.toContain('booted and saved');
    const boot = path.join(work, `run-${runs - 1}`, 'ready-builtin');
    expect(await readFile(path.join(boot, 'console.log'), 'latin1')).toContain('Linux version');
    expect(await readFile(path.join(boot, 'qemu.argv'), 'utf8')).toContain('-kernel');
  });

  it.each([
    ['is cut off', async () => truncate(at('memory'), (await bytes('memory')) >> 1)],
    ['is foreign', async () => writeFile(at('devices'), Buffer.alloc(await bytes('devices'), 'x'))],
  ])('that %s is told by its sums', async (_, damage) => {
    await damage();
    const result = await run();
    await reaches(result);
    expect(result.stderr.match(/^.*ready\/[0-9a-f]+ in the cache: .*; made again$/gm)?.length).toBe(
      1,
    );
  });

  it.each([
    [
      'of another machine',
      (devices: Buffer) =>
        Buffer.from(devices.toString('latin1').replace('pc-i440fx', 'pc-i441fx'), 'latin1'),
    ],
    ['that ends too soon', (devices: Buffer) => devices.subarray(0, devices.length >> 1)],
  ])('%s is refused by QEMU itself', async (_, change) => {
    const before = await readFile(at('devices'));
    const after = change(before);
    expect(after.equals(before)).toBe(false);
    await exchange(after);
    const result = await run();
    await reaches(result);
    expect(
      result.stderr.match(/^.*QEMU refuses the saved guest: .*; booting and saving again$/gm)
        ?.length,
    ).toBe(1);
  });

  it('of another QEMU is not this one’s: another is made', async () => {
    const result = await run(await otherQemu(path.join(work, 'bin')));
    await reaches(result);
    expect(result.stderr).toContain('booted and saved in');
    expect((await folders()).length).toBe(2);
  });
});
