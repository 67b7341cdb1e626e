// SPDX-License-Identifier: MIT
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLog } from '../../../harness/util/log-file.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dmrace-log-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a log', () => {
  it('holds what was written once it is closed', async () => {
    const file = path.join(folder, 'log');
    const log = openLog(file);
    log.write('one\n');
    log.write('two\n');
    await log.close();
    expect(await readFile(file, 'utf8')).toBe('one\ntwo\n');
  });

  // An error that nobody waits for would end the whole program, and the test run.
  it.each([
    ['on a full disk', '/dev/full'],
    ['in a folder that is not there', '/nonexistent/log'],
  ])('that cannot be written, %s, ends nothing', async (_, file) => {
    const log = openLog(file);
    for (let i = 0; i < 50; i++) {
      log.write(`${'x'.repeat(1000)}\n`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await log.close();
  });
});
