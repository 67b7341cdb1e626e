// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readKnownFile } from '../../../harness/cli/known-file.js';

const work = mkdtempSync(path.join(tmpdir(), 'dmrace-known-'));
afterAll(() => rmSync(work, { recursive: true }));

const entry = {
  cause: 'disk-release-fops',
  function: 'disk_release',
  kernel: { from: '5.18', to: null },
  reference: 'https://example.org/1',
};
const read = (text: string): Promise<unknown> => {
  const file = path.join(work, 'known.json');
  writeFileSync(file, text);
  return readKnownFile(file);
};

describe('a known-issues file', () => {
  it('is a JSON array of entries', async () => {
    expect(await read(JSON.stringify([entry]))).toEqual([entry]);
    expect(await read('[]')).toEqual([]);
  });

  it.each([
    ['{', /it is not JSON/],
    ['{}', /the whole: .*array/],
    [JSON.stringify([{ ...entry, cause: 'mine' }]), /\[0\]\.cause/],
    [
      JSON.stringify([entry, { ...entry, kernel: { from: 'six', to: null } }]),
      /\[1\]\.kernel\.from: a kernel version/,
    ],
    [JSON.stringify([{ ...entry, reference: undefined }]), /\[0\]\.reference/],
    [JSON.stringify([{ ...entry, more: 1 }]), /more/],
  ])('%s is wrong usage that names the field', async (text, field) => {
    await expect(read(text)).rejects.toThrow(field);
    await expect(read(text)).rejects.toMatchObject({ code: 'usage' });
  });

  it('that is not there is wrong usage', async () => {
    await expect(readKnownFile(path.join(work, 'none'))).rejects.toMatchObject({ code: 'usage' });
  });
});
