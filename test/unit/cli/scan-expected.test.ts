// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { fromExtended } from '../../../harness/cli/scan-expected.js';
import { runScan } from './scan-run.js';

const dir = mkdtempSync(path.join(tmpdir(), 'dmrace-expected-'));
afterAll(() => rmSync(dir, { recursive: true }));
const file = (name: string, content: string): string => {
  writeFileSync(path.join(dir, name), content);
  return path.join(dir, name);
};

const banner = (release: string, version: string): string =>
  `[    0.000000] Linux version ${release} (a@b) (gcc (Debian 12.2.0) 12.2.0, GNU ld 2.40) #1 SMP ${version}\n`;
const crash = (name: string): string =>
  `[    1.000000] kernel BUG at fs/${name}.c:1!\n[    1.000001] RIP: 0010:${name}+0x1/0x2\n[    1.000002] ---[ end trace 0 ]---\n`;
const issue = (name: string, from: string | null, to: string | null) => ({
  cause: 'other',
  function: name,
  kernel: { from, to },
  reference: 'https://example.org/1',
});

describe('--known', () => {
  const known = file('known.json', JSON.stringify([issue('demo', '6.1', '6.1')]));

  it('what is known is printed, counted, and no reason for exit code 1', async () => {
    const { out, err, code } = await runScan(['--known', known], crash('demo'));
    expect(out).toContain('kernel BUG in demo\n');
    expect(out).toContain('known: https://example.org/1');
    expect(err).toContain('1 found, 1 expected (1 known, 0 allowed)');
    expect(code).toBe(0);
  });

  it('what is not known still is', async () => {
    const { err, code } = await runScan(['--known', known], crash('demo') + crash('other'));
    expect(err).toContain('2 found, 1 expected');
    expect(code).toBe(1);
  });

  it.each([
    ['6.1.5', '', 0],
    ['6.12.5', '', 1],
    // The release of a distribution's kernel is not the version it is made from.
    ['6.1.0-56-amd64', 'Debian 6.1.192-2 (2026-07-02)', 0],
    ['6.12-custom', 'Debian 6.12.1-1', 1],
  ])(
    'the range is about the version of the log: %s %s gives %d',
    async (release, version, code) => {
      const log = banner(release, version) + crash('demo');
      expect((await runScan(['--known', known], log)).code).toBe(code);
    },
  );

  it('of a log with two boots, each crash counts by its own', async () => {
    const log = banner('6.1.5', '') + crash('demo') + banner('6.12.5', '') + crash('demo');
    const { out, err } = await runScan(['--json', '--known', known], log);
    const found = JSON.parse(out).files[0].findings as { known?: string }[];
    expect(found.map((f) => f.known)).toEqual(['https://example.org/1', undefined]);
    expect(err).toContain('2 found, 1 expected');
  });

  it('holds for --jsonl', async () => {
    const input = `${JSON.stringify({ id: 1, log: crash('demo') })}\n`;
    const { out, code } = await runScan(['--jsonl', '--known', known], input);
    expect(JSON.parse(out).findings[0]).toMatchObject({ known: 'https://example.org/1' });
    expect(code).toBe(0);
  });

  it('a bad file is wrong usage', async () => {
    const bad = file('bad.json', '[{}]');
    await expect(runScan(['--known', bad], '')).rejects.toMatchObject({ code: 'usage' });
  });
});

describe('--allow', () => {
  it('has one expression a line and comments', async () => {
    const allow = file(
      'allow',
      '# of the test itself\n\n  # more\r\nBUG at fs/(demo|x)\\.c:[[:digit:]]+!\r\n',
    );
    const { out, err, code } = await runScan(['--allow', allow], crash('demo'));
    expect(out).toContain('allowed: BUG at fs/(demo|x)');
    expect(err).toContain('1 found, 1 expected (0 known, 1 allowed)');
    expect(code).toBe(0);
    expect((await runScan(['--allow', allow], crash('other'))).code).toBe(1);
  });

  it('goes by the title, too, and not by the stack', async () => {
    const title = file('title', '^kernel BUG in demo$\n');
    expect((await runScan(['--allow', title], crash('demo'))).code).toBe(0);
    const stack = file('stack', 'RIP: \n');
    expect((await runScan(['--allow', stack], crash('demo'))).code).toBe(1);
  });

  it('a bad line is named by its number', async () => {
    const bad = file('bad', '# fine\na(b\n');
    await expect(runScan(['--allow', bad], '')).rejects.toThrow(/line 2 is no regular expression/);
    const none = path.join(dir, 'none');
    await expect(runScan(['--allow', none], '')).rejects.toThrow(/cannot be read/);
  });

  it.each([
    ['a[]b]c', 'a]c', 'a-c'],
    ['a[^]b]c', 'a-c', 'a]c'],
    [String.raw`a[\.]c`, String.raw`a\c`, 'axc'],
    ['a[[:space:][:digit:]]c', 'a 1'.replace(' 1', '1c'), 'axc'],
    [String.raw`\<int3\>`, 'an int3 trap', 'print32'],
    ['[#1] SMP', '1 SMP', '2 SMP'],
    [String.raw`\[#1\]`, 'x [#1]', 'x #1'],
    ['a{2}', 'aa', 'a'],
    ['a{x', 'a{x', 'ax'],
  ])('%s means what grep -E means by it', (source, fits, not) => {
    const pattern = new RegExp(fromExtended(source));
    expect(pattern.test(fits)).toBe(true);
    expect(pattern.test(not)).toBe(false);
  });
});
