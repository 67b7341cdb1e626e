// SPDX-License-Identifier: MIT
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lsmodList, trimModules } from '../../../harness/kernel/trim.js';

let work: string;
beforeEach(() => {
  work = mkdtempSync(path.join(tmpdir(), 'dmrace-trim-test-'));
});
afterEach(() => rmSync(work, { recursive: true }));

it('the list of modules is lsmod’s: streamline_config.pl skips its first line', () => {
  expect(lsmodList(['dm_mod', 'dax'])).toMatch(/^Module .*\ndm_mod 0 0\ndax 0 0\n$/);
});

/** A kernel whose localmodconfig is this recipe, run where make is: in the build folder. */
const trim = async (recipe: string): Promise<string> => {
  const at = (name: string): string => path.join(work, name);
  writeFileSync(at('Makefile'), `localmodconfig:\n\t${recipe}\n`);
  writeFileSync(at('draft'), 'CONFIG_A=m\n');
  await trimModules({
    build: work,
    draft: at('draft'),
    make: ['-C', work],
    needed: ['dm_mod'],
    signal: new AbortController().signal,
  });
  return readFileSync(at('draft'), 'utf8');
};

describe('trimModules', () => {
  it('has localmodconfig work on the draft, which it finds as .config, and tells it what stays', async () => {
    expect(await trim('cat .config $(LSMOD) >new; mv new .config')).toBe(
      `CONFIG_A=m\n${lsmodList(['dm_mod'])}`,
    );
    expect(existsSync(path.join(work, '.config'))).toBe(false);
  });

  it('the build’s own .config comes back as it was, time and all, also when make fails', async () => {
    const own = path.join(work, '.config');
    writeFileSync(own, 'CONFIG_B=y\n');
    const { mtimeMs } = statSync(own);
    await trim('cp .config .config.old; echo CONFIG_C=y >.config');
    await expect(trim('false')).rejects.toMatchObject({ kind: 'tool-failed' });
    expect(readFileSync(path.join(work, 'draft'), 'utf8')).toBe('CONFIG_A=m\n');
    expect(readFileSync(own, 'utf8')).toBe('CONFIG_B=y\n');
    expect(statSync(own).mtimeMs).toBe(mtimeMs);
    expect(existsSync(`${own}.old`)).toBe(false);
  });

  it('answers whatever is asked with the default, and does not wait', async () => {
    const asked = 'for i in 1 2 3; do read -r answer || exit 1; echo "<$$answer>"; done >.config';
    expect(await trim(asked)).toBe('<>\n<>\n<>\n');
  });
});
