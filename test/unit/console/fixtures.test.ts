// SPDX-License-Identifier: MIT
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FILTER } from '../../../harness/console/hinted.js';
import { scanConsole } from '../../../harness/console/index.js';
import { RECOGNISERS } from '../../../harness/console/recognisers/index.js';
import { FIXTURES, readCases } from './support.js';

describe.each([
  'x86.log',
  'arch.log',
  'arm64.log',
  'checks.log',
  'locks.log',
  'stalls.log',
  'blame.log',
  'race.log',
  'arm64-traps.log',
  'mips.log',
  'out-of-tree.log',
  'torn.log',
  'naming.log',
  'unloaded.log',
  'public.log',
  'lists.log',
])('%s', (name) => {
  test.each(readCases(name).map((c) => [c.title, c] as const))('%s', (_, { kind, title, log }) => {
    const findings = scanConsole(log);
    expect(findings.map((f) => [f.kind, f.title])).toEqual([[kind, title]]);
  });
});

const SILENT = ['silent', 'silent-firmware', 'silent-userspace', 'silent-quotes', 'silent-kernel'];
const silent = SILENT.flatMap((f) => readCases(`${f}.log`)).map((c) => [c.title, c.log] as const);

test.each(silent)('silent: %s', (_, log) => {
  expect(scanConsole(log).map((f) => f.head)).toEqual([]);
});

const boot = readFileSync(join(FIXTURES, 'boot-no-root.log'), 'latin1').split('\n').slice(0, 200);
const unstamped = boot.map((l) => l.replace(/^\[ *[\d.]+\](?:\[[^\]]*\])? /, ''));

test.each([
  ['with stamps', boot],
  ['without', unstamped],
] as const)('silent logs stay silent in a boot %s', (_, lines) => {
  const flagged = silent.filter(([, log]) =>
    [0, 100].some((at) => {
      const text = [...lines.slice(0, at), ...log.trimEnd().split('\n'), ...lines.slice(at)];
      return scanConsole(text.join('\n')).length > 0;
    }),
  );
  expect(flagged.map(([title]) => title)).toEqual([]);
});

test('a real boot is silent up to its panic for want of a root', () => {
  const log = readFileSync(join(FIXTURES, 'boot-no-root.log'));
  const findings = scanConsole(log);
  expect(findings.map((f) => f.kind)).toEqual(['panic']);
  expect(findings[0]?.head).toContain('VFS: Unable to mount root fs');
});

test('every recogniser names a fixture that exists, or a corpus record', () => {
  for (const { family, earnedBy } of RECOGNISERS) {
    const files = earnedBy.match(/[\w-]+\.log/g) ?? [];
    expect(files.length > 0 || earnedBy.includes('syz/linux/'), family).toBe(true);
    for (const file of files)
      expect(existsSync(join(FIXTURES, file)), `${family}: ${file}`).toBe(true);
  }
});

test('the filter numbers its states in 16 bits, so that its table stays in the second cache', () => {
  expect(FILTER.next).toBeInstanceOf(Uint16Array);
});

test('every head has one of its hints, so the prefilter lets it through', () => {
  const heads = ['x86.log', 'arch.log', 'checks.log', 'locks.log'].flatMap((f) => readCases(f));
  expect(heads.length).toBeGreaterThan(40);
});
