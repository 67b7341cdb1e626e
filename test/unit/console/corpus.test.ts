// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scanConsole } from '../../../harness/console/index.js';
import { FIXTURES, readCorpus } from './support.js';

const corpus = readCorpus();
const reason = typeof corpus === 'string' ? ` (skipped: ${corpus})` : '';
const records = typeof corpus === 'string' ? [] : corpus;
const crashes = records.filter((r) => r.crash).map((r) => ({ r, found: scanConsole(r.log) }));
const share = (n: number, of: number): number => n / Math.max(1, of);

describe.skipIf(reason !== '')(`the development corpus${reason}`, () => {
  test('every crash is located within three lines', () => {
    const missed = crashes.filter(
      ({ r, found }) => !(Math.abs((found[0]?.line ?? 1e9) - r.head_line) <= 3),
    );
    expect(missed.map(({ r }) => r.id)).toEqual([]);
  });

  test('no crash-free log is flagged', () => {
    const flagged = records.filter((r) => !r.crash && scanConsole(r.log).length > 0);
    expect(flagged.map((r) => r.id)).toEqual([]);
  });

  test('kind, title and function', () => {
    const kind = crashes.filter(({ r, found }) => r.kind_ok.includes(found[0]?.kind ?? '')).length;
    const title = crashes.filter(({ r, found }) =>
      [r.title, ...r.alt].includes(found[0]?.title ?? ''),
    ).length;
    const naming = crashes.filter(({ r }) => r.functions.length > 0);
    const named = naming.filter(({ r, found }) =>
      r.functions.includes(found[0]?.function ?? ''),
    ).length;
    expect(share(kind, crashes.length)).toBeGreaterThanOrEqual(0.98);
    expect(share(title, crashes.length)).toBeGreaterThanOrEqual(0.9);
    expect(share(named, naming.length)).toBeGreaterThanOrEqual(0.95);
  });

  test('spliced into a boot, every crash is located as before and nothing before it', () => {
    const boot = readFileSync(join(FIXTURES, 'boot-no-root.log'), 'latin1').split('\n');
    const panic = boot.findIndex((l) => l.includes('Kernel panic'));
    const before = boot.slice(0, 100);
    const after = boot.slice(100, panic - 5);
    const wrong = crashes.filter(({ r, found }) => {
      const log = [...before, ...r.log.replace(/\n$/, '').split('\n'), ...after].join('\n');
      return scanConsole(log)[0]?.line !== (found[0]?.line ?? 0) + before.length;
    });
    expect(wrong.map(({ r }) => r.id)).toEqual([]);
  });
});
