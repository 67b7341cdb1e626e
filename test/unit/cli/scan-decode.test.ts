// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { decoded, type Source } from '../../../harness/cli/scan-decode.js';
import { DmraceError } from '../../../harness/model/errors.js';
import { runScan } from './scan-run.js';

const dir = mkdtempSync(path.join(tmpdir(), 'dmrace-decode-'));
afterAll(() => rmSync(dir, { recursive: true }));
const file = (name: string, content: Uint8Array): string => {
  writeFileSync(path.join(dir, name), content);
  return path.join(dir, name);
};

const LOG = `ok\n[    1.000000] kernel BUG at fs/demo.c:1!\n[    1.000001] RIP: 0010:demo+0x1/0x2\n`;
const utf16 = (text: string, mark: boolean): Buffer =>
  Buffer.concat([Buffer.from(mark ? [0xff, 0xfe] : []), Buffer.from(text, 'utf16le')]);
const swapped = (data: Buffer): Buffer => Buffer.from(data).swap16();

/** Bytes that arrive in pieces of a size. */
async function* pieces(data: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
}
async function text(data: Uint8Array, size = 7, more: Partial<Source> = {}): Promise<string> {
  const parts: Uint8Array[] = [];
  const source = { name: 'x', warn: () => undefined, ...more };
  for await (const part of decoded(pieces(data, size), source)) parts.push(part);
  return Buffer.concat(parts).toString();
}

describe('logs that are not plain text', () => {
  it.each([
    ['plain', Buffer.from(LOG)],
    ['with a mark', Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(LOG)])],
    ['gzip', gzipSync(LOG)],
    ['gzip of two members', Buffer.concat([gzipSync(LOG.slice(0, 9)), gzipSync(LOG.slice(9))])],
    ['gzip in gzip', gzipSync(gzipSync(LOG))],
    ['UTF-16', utf16(LOG, true)],
    ['UTF-16, big end first', swapped(utf16(LOG, true))],
    ['UTF-16 without a mark', utf16(LOG, false)],
    ['UTF-16, big end first, without a mark', swapped(utf16(LOG, false))],
    ['UTF-16 in gzip', gzipSync(utf16(LOG, true))],
  ])('%s is read, however it is cut', async (name, data) => {
    for (const size of [1, 7, 4096]) expect(await text(data, size)).toBe(LOG);
    const { out, code } = await runScan([file(name, data)]);
    expect(out).toContain('line 2: kernel BUG in demo');
    expect(code).toBe(1);
  });

  it.each([
    ['zstd', '28b52ffd0458', /packed with zstd.*\n.*\n.*zstd -dc/],
    ['xz', 'fd377a585a000004', /packed with xz.*\n.*\n.*xz -dc/],
    ['bzip2', '425a6839314159', /packed with bzip2.*\n.*\n.*bzip2 -dc/],
    ['elf', '7f454c4602010100', /an ELF file.*\n.*\n.*makedumpfile/],
    ['journal', '4c504b5348485248', /a journal.*\n.*\n.*journalctl/],
  ])('%s is refused with the way to unpack it', async (name, magic, message) => {
    const data = Buffer.concat([Buffer.from(magic, 'hex'), Buffer.alloc(4096, 0xa5)]);
    for (const given of [data, gzipSync(data)]) {
      const error = await runScan([file(name, given)]).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(DmraceError);
      expect(error).toMatchObject({ code: 'usage' });
      expect(String(error)).toMatch(message);
    }
  });

  it('other binary is refused; a garbled log and one with a hole are not', async () => {
    const noise = Buffer.from(Uint8Array.from({ length: 9000 }, (_, i) => (i * 31) & 0xff));
    await expect(text(noise, 9000)).rejects.toThrow(/is binary.*\n.*\n.*strings/);
    const ordinary = Buffer.from('[    0.100000] demo: all is well\n'.repeat(300));
    const garbled = Buffer.concat([noise.subarray(0, 3000), ordinary]);
    const hole = Buffer.concat([Buffer.alloc(9000), ordinary]);
    const foreign = Buffer.from('\u4e00\u4e8c\u4e09 \u30ab\u30fc\u30cd\u30eb\n'.repeat(300));
    for (const log of [garbled, hole, foreign]) {
      expect((await text(log, log.length)).length).toBeGreaterThan(2000);
    }
  });

  it('expands no further than the limit', async () => {
    const bomb = gzipSync(Buffer.alloc(1 << 20));
    await expect(text(bomb, 4096, { limit: 1 << 20 })).resolves.toHaveLength(1 << 20);
    await expect(text(bomb, 4096, { limit: (1 << 20) - 1 })).rejects.toMatchObject({
      code: 'usage',
    });
  });

  it('reads what there is of a packed log that was cut off, and says so; damage is an error', async () => {
    const packed = gzipSync(LOG.repeat(2000));
    const said: string[] = [];
    const got = await text(packed.subarray(0, packed.length - 20), 64, {
      warn: (line) => said.push(line),
    });
    expect(got.length).toBeGreaterThan(1000);
    expect(said.join('')).toMatch(/ends early/);
    const damaged = Buffer.from(packed);
    damaged.fill(0xff, 60, 120);
    await expect(text(damaged)).rejects.toMatchObject({ code: 'environment' });
  });
});
