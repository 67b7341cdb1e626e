// SPDX-License-Identifier: MIT
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { moduleSections } from '../../../../harness/audit/live/module-elf.js';

const SOURCE = `
static int first(void) { return 1; }
int second(void) { return first() + 1; }
const struct { int (*f)(void); } ops = { second };
static int counter;
int *where(void) { return &counter; }
`;

let folder: string;
let object: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dmrace-module-elf-'));
  await writeFile(path.join(folder, 'a.c'), SOURCE);
  object = path.join(folder, 'a.o');
  await execa('gcc', ['-O0', '-fno-pie', '-c', '-o', object, path.join(folder, 'a.c')]);
});
afterAll(() => rm(folder, { recursive: true }));

it('says of each section that is loaded how long it is and where its names lie, as nm does', async () => {
  const sections = moduleSections(await readFile(object));
  const { stdout } = await execa('nm', [object]);
  const offsetOf = (name: string): number =>
    Number.parseInt(new RegExp(`^([0-9a-f]+) \\w ${name}$`, 'm').exec(stdout)?.[1] ?? '', 16);
  const holderOf = (name: string): string | undefined =>
    sections.find(({ symbols }) => symbols.some((symbol) => symbol.name === name))?.name;
  for (const name of ['first', 'second', 'where', 'ops', 'counter']) {
    const symbol = sections.flatMap(({ symbols }) => symbols).find((one) => one.name === name);
    expect(symbol?.offset, name).toBe(offsetOf(name));
  }
  expect(holderOf('second')).toBe('.text');
  expect(holderOf('counter')).toBe('.bss');
  expect(sections.map(({ name }) => name)).not.toContain('.symtab');
});

it('throws for a file that is cut off', async () => {
  const whole = await readFile(object);
  expect(() => moduleSections(whole.subarray(0, 70))).toThrow(RangeError);
});
