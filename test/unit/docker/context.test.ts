// SPDX-License-Identifier: MIT
import { chmodSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { contextFiles, contextHash, contextTar } from '../../../harness/docker/context.js';

let root: string;
const write = (name: string, text: string): void => {
  mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
  writeFileSync(path.join(root, name), text);
};
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'dmrace-context-'));
  for (const name of ['Dockerfile', 'package.json', 'vm/init', 'dist/main.js']) write(name, name);
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

const hash = async (args: Record<string, string> = {}): Promise<string> =>
  contextHash(root, await contextFiles(root), args);

it('the context holds only what the image is made from', async () => {
  for (const spare of [
    'dist/main.js.map',
    'node_modules/x',
    '.git/HEAD',
    'test/x.ts',
    'README.md',
  ]) {
    write(spare, 'x');
  }
  write('dist/cli/run.js', 'x');
  expect(await contextFiles(root)).toEqual([
    'Dockerfile',
    'dist/cli/run.js',
    'dist/main.js',
    'package.json',
    'vm/init',
  ]);
});

it('the hash changes with contents, names, modes and build arguments, with nothing else', async () => {
  const first = await hash();
  utimesSync(path.join(root, 'vm/init'), 1, 1);
  write('README.md', 'x');
  expect(await hash()).toBe(first);
  const seen = new Set([first, await hash({ BASE: 'x' }), await hash({ NODE: 'x' })]);
  chmodSync(path.join(root, 'vm/init'), 0o755);
  seen.add(await hash());
  write('vm/init', 'other');
  seen.add(await hash());
  write('vm/more', '');
  seen.add(await hash());
  expect(seen.size).toBe(6);
});

it('the tar is the same for the same files, whenever they were written', async () => {
  const tar = async (): Promise<Buffer> => buffer(contextTar(root, await contextFiles(root)));
  const first = await tar();
  utimesSync(path.join(root, 'vm/init'), 1, 1);
  expect((await tar()).equals(first)).toBe(true);
  expect(first.includes('dist/main.js')).toBe(true);
});
