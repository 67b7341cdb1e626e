// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MANIFEST, manifestOf, manifestProblems } from '../../../harness/runs/manifest.js';
import { readSavedRun } from '../../../harness/runs/saved-run.js';
import { sha256 } from '../../../harness/runs/seal.js';
import { assets } from '../../../harness/util/assets.js';

let root: string;
let hash: string;
beforeEach(() => {
  root = path.join(mkdtempSync(path.join(tmpdir(), 'dmrace-manifest-')), 'run');
  cpSync(assets('test/fixtures/run-directories/planted'), root, { recursive: true });
  hash = sha256(readFileSync(path.join(root, MANIFEST)));
});
afterEach(() => {
  rmSync(path.dirname(root), { recursive: true });
});
const at = (file: string): string => path.join(root, file);

describe('the manifest of a run', () => {
  it('is of the run as it is, and sha256sum(1) checks it', async () => {
    expect(await manifestOf(root)).toBe(readFileSync(at(MANIFEST), 'utf8'));
    expect(await manifestProblems(root, hash)).toEqual([]);
    const checked = String(execFileSync('sha256sum', ['-c', MANIFEST], { cwd: root }));
    expect(checked).toMatch(/^run\.json: OK$/m);
  });

  it('allows what comes later: reports', async () => {
    writeFileSync(at('report.html'), '<html>');
    expect(await manifestProblems(root, hash)).toEqual([]);
  });

  it.each<[string, () => void, string]>([
    [
      'changed',
      () => appendFileSync(at('verdict.json'), ' '),
      `verdict.json is not as ${MANIFEST} says`,
    ],
    [
      'gone',
      () => rmSync(at('builtin-0/qemu.argv')),
      `builtin-0/qemu.argv is in ${MANIFEST} and is gone`,
    ],
    ['new', () => writeFileSync(at('builtin-0/more'), ''), `builtin-0/more is not in ${MANIFEST}`],
  ])('tells a file that is %s, whatever the sums beside it say', async (_, change, said) => {
    change();
    expect(await manifestProblems(root, hash)).toEqual([said]);
    const { result, damage } = await readSavedRun(root, { manifest: hash });
    expect(result.reasons).toContain(said);
    expect(damage.map(({ observed }) => observed)).toContain(said);
  });

  it('is another one where its own sum is another, or it is gone', async () => {
    appendFileSync(at(MANIFEST), '\n');
    expect(await manifestProblems(root, hash)).toEqual([
      expect.stringMatching(`^${MANIFEST} has the SHA-256 [0-9a-f]{64}, not ${hash}$`),
    ]);
    rmSync(at(MANIFEST));
    expect(await manifestProblems(root, hash)).toEqual([
      expect.stringContaining(`${MANIFEST} cannot be read`),
    ]);
  });
});
