// SPDX-License-Identifier: MIT
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assets } from '../../harness/util/assets.js';
import { startChromium } from '../support/browser.js';
import { dmrace } from '../support/command.js';

/** `DMRACE_SCREENSHOTS=1` writes the pictures of docs/ anew. */
const KEEP = process.env.DMRACE_SCREENSHOTS === '1';
const RUN = assets('test/fixtures/run-directories/release');

let folder: string;
let url: string;
let browser: Browser;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dmrace-browser-test-'));
  const file = path.join(folder, 'report.html');
  const made = await dmrace(['report', RUN, '--output', file]);
  expect(made.exitCode, made.stderr).toBe(0);
  url = pathToFileURL(file).href;
  browser = await startChromium();
});
afterAll(async () => {
  await browser?.close();
  await rm(folder, { recursive: true, force: true });
});

interface Opened {
  readonly page: Page;
  /** Console errors, page errors and requests besides the file itself. */
  readonly complaints: string[];
}

async function open(width: number, scheme: 'light' | 'dark' = 'light'): Promise<Opened> {
  const context = await browser.newContext({
    viewport: { width, height: 900 },
    colorScheme: scheme,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(120_000);
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (request.url() !== url) complaints.push(`request ${request.url()}`);
  });
  await page.goto(url);
  await page.waitForSelector('figure.live svg');
  return { page, complaints };
}

async function shoot(page: Page, name: string): Promise<void> {
  if (KEEP) await page.screenshot({ path: assets('docs', 'pictures', name), timeout: 120_000 });
}

const background = (page: Page): Promise<string> =>
  page.evaluate<string>('getComputedStyle(document.body).backgroundColor');

describe.each([1280, 400])('the report in Chromium, %i px wide', (width) => {
  it('shows every step, complains of nothing, asks for nothing, and can be read', async () => {
    const { page, complaints } = await open(width);
    for (const placement of ['builtin', 'in-module']) {
      for (let step = 1; step <= 10; step++) {
        const flag = page.locator(
          `figure[data-placement="${placement}"].live > .chart circle[data-step="${step}"]`,
        );
        const box = await flag.boundingBox();
        expect(box, `step ${step} of ${placement}`).not.toBeNull();
        expect(box?.x).toBeGreaterThanOrEqual(0);
        expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(width);
      }
    }
    // Nothing but the insides of tables and code scrolls sideways.
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(
      width,
    );
    const small = await page.evaluate<string[]>(`
      [...document.querySelectorAll('main *')]
        .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
        .filter((e) => !e.closest('title, .closeup') && e.getClientRects().length > 0)
        .filter((e) => {
          const svg = e.closest('svg');
          const scale = svg ? svg.getBoundingClientRect().width / svg.viewBox.baseVal.width : 1;
          return parseFloat(getComputedStyle(e).fontSize) * scale < 9.5;
        })
        .map((e) => e.tagName + ' ' + e.textContent)`);
    expect(small).toEqual([]);
    expect(complaints).toEqual([]);
    if (width < 1000) await page.locator('figure').first().scrollIntoViewIfNeeded();
    await shoot(page, `report-${width}.png`);
    await page.context().close();
  });
});

describe('the report in Chromium', () => {
  it('zooms to steps 5 to 7 and back, and says what is under the pointer', async () => {
    const { page, complaints } = await open(1280);
    const figure = page.locator('figure[data-placement="in-module"]');
    const flags = figure.locator(':scope > .chart circle[data-step]');
    expect(await flags.count()).toBe(10);
    await figure.locator('button[data-view="drop"]').click();
    await expect.poll(() => flags.count(), { timeout: 20_000 }).toBe(3);
    await figure.scrollIntoViewIfNeeded();
    await shoot(page, 'report-close-up.png');
    await figure.locator('button[data-view="race"]').click();
    await expect.poll(() => flags.count(), { timeout: 20_000 }).toBe(10);
    // The picture slides to its new view: the pointer is put on the flag until the tip is the flag's.
    await expect
      .poll(
        async () => {
          await figure.locator(':scope > .chart circle[data-step="6"]').hover();
          return page.locator('#tip').textContent();
        },
        { timeout: 20_000 },
      )
      .toMatch(/^step 6: dm_kobject_release\(\) calls complete\(\)/);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('follows the dark scheme, and is black on white on paper', async () => {
    const { page, complaints } = await open(1280, 'dark');
    expect(await background(page)).toBe('rgb(18, 23, 29)');
    await shoot(page, 'report-dark.png');
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' });
    expect(await background(page)).toBe('rgb(255, 255, 255)');
    expect(await page.locator('button').first().isVisible()).toBe(false);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('is whole without a script, only still', async () => {
    const context = await browser.newContext({
      javaScriptEnabled: false,
      viewport: { width: 1280, height: 900 },
    });
    const page = await context.newPage();
    await page.goto(url);
    expect(await page.locator('figure.timeline > .chart circle[data-step]').count()).toBe(20);
    expect(await page.locator('.closeup svg').count()).toBe(2);
    await context.close();
  });
});
