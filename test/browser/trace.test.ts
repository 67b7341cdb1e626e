// SPDX-License-Identifier: MIT
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { assets } from '../../harness/util/assets.js';
import { startChromium } from '../support/browser.js';
import { dmrace } from '../support/command.js';

/** speedscope reads the Trace Event Format with code of its own; its page loads a profile like this. */
const SPEEDSCOPE = assets('node_modules/speedscope/dist/release/index.html');

let folder: string;
let browser: Browser;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dmrace-trace-test-'));
  browser = await startChromium(['--enable-unsafe-swiftshader']); // its view needs WebGL
});
afterAll(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

async function opened(json: string): Promise<{ text: string; said: string[] }> {
  const script = path.join(folder, 'load.js');
  const base64 = Buffer.from(json).toString('base64');
  await writeFile(script, `speedscope.loadFileFromBase64("trace.json", "${base64}")`);
  const page = await browser.newPage();
  page.setDefaultTimeout(60_000);
  const said: string[] = [];
  const imported = page.waitForEvent('console', (message) => /import: .*ms/.test(message.text()));
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(`error: ${error.message}`));
  await page.goto(`${pathToFileURL(SPEEDSCOPE).href}#localProfilePath=${script}`);
  await imported;
  const title = page.getByText(/\(pid \d+\)|Something went wrong|Unrecognized/).first();
  const text = (await title.textContent()) ?? '';
  await page.close();
  return { text, said };
}

it('is read by a reader that is not ours: every lane that ran, by its name', async () => {
  const file = path.join(folder, 'trace.json');
  const run = assets('test/fixtures/run-directories/release');
  const made = await dmrace(['report', run, '--format', 'perfetto', '--output', file]);
  expect(made.exitCode, made.stderr).toBe(0);
  const json = await readFile(file, 'utf8');
  const { traceEvents } = JSON.parse(json) as {
    traceEvents: { ph: string; pid: number; tid: number }[];
  };
  const ran = new Set(traceEvents.filter((e) => e.ph === 'X').map((e) => `${e.pid}/${e.tid}`));
  expect(ran.size).toBeGreaterThan(20);
  const { text, said } = await opened(json);
  expect(said).toContain('Importing as Trace Event Format profile');
  expect(said.filter((line) => /error|unbalanced|without|mismatch/i.test(line))).toEqual([]);
  expect(text).toBe(`builtin #0 (pid 1), holder (tid 1) (1/${ran.size})`);
});
