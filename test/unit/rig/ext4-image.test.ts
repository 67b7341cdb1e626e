// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { installLine } from '../../../harness/rig/audit-disk.js';
import { ext4Image } from '../../../harness/rig/ext4-image.js';

const scratch = mkdtempSync(path.join(tmpdir(), 'ext4-'));
afterAll(() => rmSync(scratch, { recursive: true }));

/** A folder with what images have to keep; made in the given order, at the given time. */
function folder(name: string, order: readonly string[], second: number): string {
  const root = path.join(scratch, name);
  mkdirSync(path.join(root, 'lib/empty'), { recursive: true });
  for (const file of order) {
    writeFileSync(path.join(root, file), file.repeat(5000));
    utimesSync(path.join(root, file), second, second);
  }
  chmodSync(path.join(root, 'tool'), 0o755);
  symlinkSync('lib/it.so', path.join(root, 'link'));
  return root;
}

const ask = (image: string, command: string): string =>
  execFileSync('debugfs', ['-R', command, image], { encoding: 'utf8', stdio: 'pipe' });

it('keeps files, modes, links and odd names, all of root', async () => {
  const root = folder('kept', ['tool', 'lib/it.so', 'lib/a "b" c'], 1000);
  const image = path.join(scratch, 'kept.ext4');
  await ext4Image(root, image, new AbortController().signal);
  execFileSync('e2fsck', ['-fn', image], { stdio: 'pipe' });
  expect(ask(image, 'cat /lib/it.so')).toBe('lib/it.so'.repeat(5000));
  expect(ask(image, 'cat "/lib/a ""b"" c"')).toBe('lib/a "b" c'.repeat(5000));
  expect(ask(image, 'stat /tool')).toMatch(/Mode: +0755[\s\S]*User: +0 +Group: +0/);
  expect(ask(image, 'stat /link')).toContain('Fast link dest: "lib/it.so"');
  expect(ask(image, 'ls -p /lib')).toContain('/040755/0/0/empty/');
});

it('gives the same bytes whenever and in whatever order the folder was made', async () => {
  const images = ['one', 'two'].map((name) => path.join(scratch, `${name}.ext4`));
  const roots = [
    folder('one', ['tool', 'lib/it.so', 'lib/b'], 1000),
    folder('two', ['lib/b', 'lib/it.so', 'tool'], 2000),
  ];
  for (const [index, image] of images.entries()) {
    await ext4Image(roots[index] ?? '', image, new AbortController().signal);
  }
  const [one, two] = images.map((image) => readFileSync(image));
  expect(one?.equals(two ?? Buffer.alloc(0))).toBe(true);
});

it('has modprobe load what an extra module needs first', () => {
  expect(installLine('doorbell', [])).toBe(
    'install doorbell /sbin/insmod /extra/doorbell.ko $CMDLINE_OPTS\n',
  );
  expect(installLine('bell', ['loop', 'brd'])).toContain('/sbin/modprobe -a loop brd && /sbin/');
});
