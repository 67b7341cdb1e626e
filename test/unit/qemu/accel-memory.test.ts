// SPDX-License-Identifier: MIT
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  lastOn,
  type Remembered,
  recall,
  remember,
  rememberedWords,
  stillHolds,
} from '../../../harness/qemu/accel-memory.js';

const AT = '2026-11-28T10:00:00.000Z';
const HOUR = 3_600_000;
const FAILED: Remembered = { accel: 'tcg', why: 'it died', at: AT, host: 'h', image: '/k' };
const WORKED: Remembered = { ...FAILED, accel: 'kvm', why: '' };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dmrace-accel-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

it.each([
  [WORKED, 0, true],
  [WORKED, 1000 * 24 * HOUR, true],
  [FAILED, 23 * HOUR, true],
  [FAILED, 24 * HOUR, false],
  // A clock that was set back: nobody knows how old it is.
  [FAILED, -HOUR, false],
])('%o after %i ms holds: %s', (memory, ageMs, holds) => {
  expect(stillHolds(memory, Date.parse(AT) + ageMs)).toBe(holds);
});

it('the words say when, and which file to remove', () => {
  expect(rememberedWords(FAILED, '/c/accel/1.json')).toBe(
    `it died; remembered from ${AT}; remove /c/accel/1.json to have it tried again`,
  );
  expect(rememberedWords(WORKED, '/f')).toMatch(/^remembered from /);
});

it('what is remembered is read back; what an earlier version left is not', async () => {
  const file = path.join(folder, 'sub', '1.json');
  await remember(file, FAILED);
  expect(await recall(file)).toEqual(FAILED);
  await writeFile(file, '{"accel":"tcg","why":"no userspace within 10000 ms"}\n');
  expect(await recall(file)).toBeNull();
  expect(await recall(path.join(folder, 'none'))).toBeNull();
});

it('the last boot of this host is found among others', async () => {
  const later = { ...WORKED, at: '2026-11-29T10:00:00.000Z' };
  await remember(path.join(folder, '1.json'), FAILED);
  await remember(path.join(folder, '2.json'), later);
  await remember(path.join(folder, '3.json'), { ...FAILED, host: 'x', at: '2027-01-01T00:00:00Z' });
  await writeFile(path.join(folder, '4.json'), 'torn');
  expect(await lastOn(folder, 'h')).toEqual({ memory: later, file: path.join(folder, '2.json') });
  expect(await lastOn(folder, 'nobody')).toBeNull();
  expect(await lastOn(path.join(folder, 'none'), 'h')).toBeNull();
});
