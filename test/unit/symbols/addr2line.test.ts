// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, expect, test } from 'vitest';
import { symbolize } from '../../../harness/symbols/addr2line.js';

const dir = mkdtempSync(join(tmpdir(), 'dmrace-symbols-'));
afterAll(() => rmSync(dir, { recursive: true }));
const compiler = await execa('gcc', ['--version'], { reject: false });

test.skipIf(compiler.failed)('names the source line of function+offset', async () => {
  const source = join(dir, 'demo.c');
  const elf = join(dir, 'demo.o');
  writeFileSync(source, 'int demo_fn(int a)\n{\n\treturn a + 1;\n}\n');
  await execa('gcc', ['-g', '-O0', '-c', '-o', elf, source]);
  const [line] = await symbolize(elf, ['demo_fn+0x0', 'no_such+0x1']);
  expect(line).toMatch(/^demo_fn\+0x0 {2}.*demo\.c:[12]$/);
});

test('says what to do about a file that is no ELF', async () => {
  const file = join(dir, 'text');
  writeFileSync(file, 'hello');
  await expect(symbolize(file, ['a+0x1'])).rejects.toThrow(/nm cannot read/);
});
