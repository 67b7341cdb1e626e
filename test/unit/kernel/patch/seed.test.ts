// SPDX-License-Identifier: MIT
import { existsSync, readFileSync, statSync, utimesSync } from 'node:fs';
import { expect, it } from 'vitest';
import { seedBuild } from '../../../../harness/kernel/patch/seed.js';
import { folderOf, NEVER } from './support.js';

it('a copied build names the other tree and its own folder, as old as it was', async () => {
  using folder = folderOf({});
  const [tree, from, to] = ['tree', 'build/one', 'build/two'].map(folder.at) as [
    string,
    string,
    string,
  ];
  using made = folderOf({
    'mm/.mmap.o.cmd': `cmd := gcc -I${tree}/include ${tree}/mm/mmap.c ${tree}2/x.c -o mm/mmap.o`,
    'tools/objtool/.check.o.cmd': `cmd := gcc -o ${from}/tools/objtool/check.o`,
    'mm/mmap.o': `binary ${tree}/mm`,
    Makefile: `include ${tree}/Makefile\n`,
    'dmrace.json': '{}',
  });
  const old = new Date('2020-01-01T00:00:00Z');
  utimesSync(made.at('mm/.mmap.o.cmd'), old, old);
  utimesSync(made.at('mm/mmap.o'), old, old);
  const seed = { from: made.root, fromTree: tree, to, toTree: '/other/$&tree' };
  await seedBuild(seed, NEVER);
  const text = (name: string) => readFileSync(`${to}/${name}`, 'utf8');
  expect(text('mm/.mmap.o.cmd')).toBe(
    `cmd := gcc -I/other/$&tree/include /other/$&tree/mm/mmap.c ${tree}2/x.c -o mm/mmap.o`,
  );
  expect(text('Makefile')).toBe('include /other/$&tree/Makefile\n');
  expect(text('mm/mmap.o')).toBe(`binary ${tree}/mm`); // an object is left alone
  expect(statSync(`${to}/mm/mmap.o`).mtimeMs).toBe(old.getTime());
  expect(statSync(`${to}/mm/.mmap.o.cmd`).mtimeMs).toBe(old.getTime());
  expect(existsSync(`${to}/dmrace.json`)).toBe(false);
  expect(text('tools/objtool/.check.o.cmd')).toBe(`cmd := gcc -o ${from}/tools/objtool/check.o`);
  await seedBuild({ ...seed, from: made.root, to: folder.at('build/three') }, NEVER);
  expect(readFileSync(folder.at('build/three/Makefile'), 'utf8')).toContain('/other/');
});

it('the build folder’s own path follows too', async () => {
  using made = folderOf({});
  const from = made.at('one');
  using build = folderOf({});
  expect(build.root).not.toBe(from);
  const { mkdirSync, writeFileSync } = await import('node:fs');
  mkdirSync(from);
  writeFileSync(`${from}/.x.o.cmd`, `-o ${from}/x.o ${from}2`);
  await seedBuild({ from, fromTree: '/tree', to: made.at('two'), toTree: '/other' }, NEVER);
  expect(readFileSync(made.at('two/.x.o.cmd'), 'utf8')).toBe(`-o ${made.at('two')}/x.o ${from}2`);
});
