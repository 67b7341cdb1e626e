// SPDX-License-Identifier: MIT
// The cures of docs/cures/ are mails that --patch takes, and the one to be sent is the one that was tried.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSeries } from '../../../../harness/kernel/patch/series.js';
import { NEVER } from './support.js';

const CURES = path.join(import.meta.dirname, '../../../../docs/cures');
const names = readdirSync(CURES, { recursive: true, encoding: 'utf8' }).filter((name) =>
  /\.(patch|eml)$/.test(name),
);

/** Of a mail its diff alone: what stands above it is for people. */
const hunks = (diff: string): string => diff.slice(diff.indexOf('diff --git'));

describe('docs/cures', () => {
  it.each(names)('%s is a patch', async (name) => {
    const [patch, ...more] = await readSeries([path.join(CURES, name)], NEVER);
    expect(more).toEqual([]);
    expect(patch?.subject).toMatch(/^\[PATCH\] (block|dm): /);
    expect(patch?.diff).not.toContain('Signed-off-by');
  });

  it('the mail has the cure that was tried on 7.3, and its subject', async () => {
    const [mail] = await readSeries([path.join(CURES, 'mail.eml')], NEVER);
    const tried = path.join(CURES, '7.3/2-remember-the-method.patch');
    const [cure] = await readSeries([tried], NEVER);
    expect(mail?.subject).toBe(cure?.subject);
    expect(hunks(mail?.diff ?? '').trim()).toBe(hunks(cure?.diff ?? '').trim());
  });
});
