// SPDX-License-Identifier: MIT
// The file as binutils read it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseSymbolMap } from '../../../harness/console/symbols.js';
import { symbolElf } from '../../../harness/symbols/elf.js';

const KALLSYMS = `0000000000001000 A per_cpu_offset
ffffffff81000000 T _text
ffffffff81000040 t twice
ffffffff81000100 t twice
ffffffff81000100 T alias
ffffffff82000000 D some_data
ffffffffc0200000 t helper_ioctl	[dmrace_helper]
`;

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dmrace-elf-'));
  file = path.join(folder, 'symbols.elf');
  await writeFile(file, symbolElf(parseSymbolMap(KALLSYMS), 62));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

it('names every address with its size, equal names too, and leaves out per-CPU offsets', async () => {
  const { stdout } = await execa('nm', ['-n', '-S', file]);
  expect(stdout.split('\n').map((line) => line.trim())).toEqual([
    'ffffffff81000000 0000000000000040 T _text',
    'ffffffff81000040 00000000000000c0 t twice',
    'ffffffff81000100 0000000000001000 T alias',
    'ffffffff81000100 0000000000001000 t twice',
    'ffffffff82000000 0000000000001000 B some_data',
    'ffffffffc0200000 0000000000001000 t helper_ioctl',
  ]);
});

it('has sections without content where the kernel’s lie, and nothing that readelf warns of', async () => {
  const { stdout, stderr } = await execa('readelf', ['-W', '-h', '-S', file]);
  expect(stderr).toBe('');
  expect(stdout).toMatch(/Advanced Micro Devices X86-64/);
  expect(stdout).toMatch(/ \.text +NOBITS +ffffffff81000000/);
  expect(stdout).toMatch(/ dmrace_helper\.text +NOBITS +ffffffffc0200000/);
});
