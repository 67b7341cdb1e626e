// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  listModules,
  type ModuleFile,
  moduleNameOf,
  readModules,
} from '../../../harness/kernel/module-files.js';

const folder = mkdtempSync(path.join(tmpdir(), 'dmrace-modules-'));
const work = { signal: new AbortController().signal };
const content = (name: string): Buffer => Buffer.alloc(5000 + name.length, name);
const xz = (bytes: Buffer): Buffer => execFileSync('xz', ['-c'], { input: bytes });
const zstd = (bytes: Buffer): Buffer => execFileSync('zstd', ['-q', '-c'], { input: bytes });

beforeAll(() => {
  mkdirSync(path.join(folder, 'kernel/net'), { recursive: true });
  const write = (name: string, bytes: Buffer): void =>
    writeFileSync(path.join(folder, 'kernel/net', name), bytes);
  write('a.ko.xz', xz(content('a.ko.xz')));
  write('b.ko.xz', xz(content('b.ko.xz')).fill(0, 60, 64)); // its content is damaged, its sizes are not
  write('c-d.ko.xz', xz(content('c-d.ko.xz')));
  write('e.ko.zst', zstd(content('e.ko.zst')));
  write('f.ko.gz', gzipSync(content('f.ko.gz')));
  write('g.ko', content('g.ko'));
  write('h.ko.xz', xz(content('h.ko.xz')).subarray(0, 50));
  writeFileSync(path.join(folder, 'modules.dep'), '');
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function all(signal = work.signal): Promise<ModuleFile[]> {
  const files: ModuleFile[] = [];
  for await (const file of readModules({ signal }, folder, await listModules(folder))) {
    files.push(file);
  }
  return files;
}

describe('readModules', () => {
  it('reads each file whole, however it is packed, and says which are damaged', async () => {
    const files = new Map((await all()).map((file) => [path.basename(file.file), file]));
    expect([...files.keys()].sort()).toEqual([
      'a.ko.xz',
      'b.ko.xz',
      'c-d.ko.xz',
      'e.ko.zst',
      'f.ko.gz',
      'g.ko',
      'h.ko.xz',
    ]);
    for (const [name, file] of files) {
      if (name.startsWith('b') || name.startsWith('h')) {
        expect(file).toMatchObject({
          is: 'unreadable',
          why: expect.stringMatching(/cannot be unpacked: .*(corrupt|Unexpected end)/),
        });
      } else if (file.is === 'read') expect(file.bytes.equals(content(name))).toBe(true);
      else expect.fail(`${name}: ${file.why}`);
    }
  });

  it('ends when it is interrupted', async () => {
    await expect(all(AbortSignal.abort())).rejects.toThrow(/abort/i);
  });

  it('says that a folder has no module', async () => {
    await expect(listModules(path.join(folder, 'none'))).rejects.toThrow('cannot be read');
    mkdirSync(path.join(folder, 'empty'));
    await expect(listModules(path.join(folder, 'empty'))).rejects.toThrow('holds no module');
  });
});

describe('moduleNameOf', () => {
  it('is the kernel’s spelling', () => {
    expect(moduleNameOf('kernel/net/c-d.ko.xz')).toBe('c_d');
  });
});
