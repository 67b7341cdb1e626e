// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepNeeded, keptNeeded } from '../../../harness/kernel/modules.js';

let work: string;
beforeEach(() => {
  work = mkdtempSync(path.join(tmpdir(), 'dmrace-modules-test-'));
});
afterEach(() => rmSync(work, { recursive: true }));

/** An object that says what it depends on, as modpost writes it (scripts/mod/modpost.c, add_depends()). */
function module(file: string, depends: string): string {
  const at = path.join(work, file);
  mkdirSync(path.dirname(at), { recursive: true });
  const text = `char d[] __attribute__((section(".modinfo"))) = "depends=${depends}";\n`;
  execFileSync('gcc', ['-g', '-c', '-x', 'c', '-o', at, '-'], { input: text });
  return at;
}

describe('the modules that the suspect’s needs', () => {
  it('are kept beside it, needed ones first, without debug information', async () => {
    const suspect = module('build/drivers/md/dm-mod.ko', 'dax,of-two');
    const dax = module('build/drivers/dax/dax.ko', '');
    module('build/lib/of-two.ko', 'below');
    module('build/lib/below.ko', '');
    const target = path.join(work, 'kept');
    mkdirSync(target);
    const build = path.join(work, 'build');
    const names = ['dax.ko', 'below.ko', 'of_two.ko'];
    const kept = await keepNeeded(build, suspect, target, 'strip');
    expect(kept.slice(1)).toEqual(names);
    expect(await keptNeeded(target)).toEqual(names.map((name) => path.join(target, name)));
    const size = (file: string): number => readFileSync(file).length;
    expect(size(path.join(target, 'dax.ko'))).toBeLessThan(size(dax));
  });

  it('may be built in', async () => {
    const suspect = module('build/dm-mod.ko', 'dax');
    writeFileSync(path.join(work, 'build/modules.builtin'), 'kernel/drivers/dax/dax.ko\n');
    const [, ...kept] = await keepNeeded(path.join(work, 'build'), suspect, work, 'strip');
    expect(kept).toEqual([]);
    expect(await keptNeeded(work)).toEqual([]);
  });

  it('are mostly none, and nothing is written then', async () => {
    const suspect = module('build/dm-mod.ko', '');
    expect(await keepNeeded(path.join(work, 'build'), suspect, work, 'strip')).toEqual([]);
    expect(await keptNeeded(work)).toEqual([]);
  });
});
