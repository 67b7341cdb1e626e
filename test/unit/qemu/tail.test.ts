// SPDX-License-Identifier: MIT
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Tail } from '../../../harness/qemu/tail.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'dmrace-tail-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('delivers a file that appears and grows, to its last byte, once', async () => {
  const file = path.join(folder, 'console');
  let seen = '';
  let arrived = (): void => undefined;
  const first = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  const tail = new Tail(file, (chunk) => {
    seen += chunk.toString();
    arrived();
  });
  appendFileSync(file, 'one ');
  await first;
  appendFileSync(file, 'two');
  await tail.close();
  await tail.close();
  expect(seen).toBe('one two');
});

it('a file that never comes is nothing', async () => {
  const tail = new Tail(path.join(folder, 'none'), () => expect.fail('nothing to deliver'));
  await tail.close();
});
