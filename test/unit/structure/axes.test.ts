// SPDX-License-Identifier: MIT
// CONTRIBUTING.md lists the files that a new recipe, suspect, architecture or format needs. Here one
// of each is added to a scratch copy, and the compiler must name those files and no others.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RECIPE_NAMES } from '../../../harness/model/recipe.js';
import { SUSPECT_NAMES } from '../../../harness/model/suspect.js';
import { RECIPES } from '../../../harness/recipes/index.js';
import { assets } from '../../../harness/util/assets.js';

/** How one of each is added: a file, what is there, what is there then. */
const ADDED = {
  recipe: [
    ['harness/model/recipe.ts', "'soak', 'crash'] as const", "'soak', 'crash', 'idle'] as const"],
    [
      'harness/model/recipe.ts',
      'readonly crash: { readonly how: CrashHow };',
      'readonly crash: { readonly how: CrashHow };\n  readonly idle: object;',
    ],
    [
      'harness/model/recipe.ts',
      'readonly crash: object;',
      'readonly crash: object;\n  readonly idle: object;',
    ],
  ],
  suspect: [
    [
      'harness/model/suspect.ts',
      "['dm_mod', 'dmrace_planted'] as const",
      "['dm_mod', 'dmrace_planted', 'loop'] as const",
    ],
  ],
  architecture: [
    [
      'harness/model/kernel.ts',
      "['x86_64', 'arm64'] as const",
      "['x86_64', 'arm64', 'riscv64'] as const",
    ],
  ],
  format: [
    [
      'harness/report/formats.ts',
      "'perfetto',\n] as const",
      "'perfetto',\n  'asciidoc',\n] as const",
    ],
  ],
  fault: [
    [
      'harness/model/audit.ts',
      "  thread: { core: 'kthread' },",
      "  thread: { core: 'kthread' },\n  irq: { core: '__handle_irq_event_percpu' },",
    ],
  ],
} as const;
type Axis = keyof typeof ADDED;

/** The files that CONTRIBUTING.md lists for an axis. */
function listed(axis: Axis): string[] {
  const text = readFileSync(assets('CONTRIBUTING.md'), 'utf8');
  const part = new RegExp(`<!-- axis: ${axis} -->(.*?)<!-- end -->`, 's').exec(text)?.[1] ?? '';
  return [...part.matchAll(/^- `([^`]+)`/gm)].map((match) => match[1] ?? '').sort();
}

let scratch = '';
beforeAll(() => {
  scratch = mkdtempSync(path.join(tmpdir(), 'dmrace-axes-'));
  for (const name of ['harness', 'package.json', 'tsconfig.json']) {
    cpSync(assets(name), path.join(scratch, name), { recursive: true });
  }
  symlinkSync(assets('node_modules'), path.join(scratch, 'node_modules'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** The files of the scratch copy in which the compiler finds an error. */
async function named(): Promise<string[]> {
  const { stdout } = await execa(
    process.execPath,
    [
      assets('node_modules/typescript/bin/tsc'),
      ...['-p', 'tsconfig.json', '--noEmit', '--incremental', 'false', '--pretty', 'false'],
    ],
    { cwd: scratch, reject: false },
  );
  return [
    ...new Set([...stdout.matchAll(/^(harness\/[^(]+)\(/gm)].map((match) => match[1] ?? '')),
  ].sort();
}

/** Adds one of an axis, asks the compiler, and takes it back. */
async function namedFor(axis: Axis): Promise<string[]> {
  const before = new Map<string, string>();
  for (const [file, from, to] of ADDED[axis]) {
    const at = path.join(scratch, file);
    const text = readFileSync(at, 'utf8');
    if (!before.has(at)) before.set(at, text);
    if (text.split(from).length !== 2) throw new Error(`${file} does not hold "${from}" once`);
    writeFileSync(at, text.replace(from, to));
  }
  try {
    return await named();
  } finally {
    for (const [at, text] of before) writeFileSync(at, text);
  }
}

describe('one more', () => {
  it.each(Object.keys(ADDED) as Axis[])(
    '%s: the compiler names the files that CONTRIBUTING.md lists',
    async (axis) => {
      expect(listed(axis).length).toBeGreaterThan(0);
      expect(await namedFor(axis)).toEqual(listed(axis));
    },
    120_000,
  );

  it('of none: the compiler names no file', async () => {
    expect(await named()).toEqual([]);
  }, 120_000);
});

describe('the guest’s tables, which no compiler compares', () => {
  const rows = (file: string): string[] =>
    [...readFileSync(assets(file), 'utf8').matchAll(/(?:\.name = |^\t\{ )"([^"]+)"/gm)].map(
      (m) => m[1] ?? '',
    );

  it('have every recipe that is a trial', () => {
    const trials = RECIPE_NAMES.filter((name) => RECIPES[name].word === 'trial');
    expect(rows('vm/guest/recipes/recipes.c').sort()).toEqual([...trials].sort());
  });

  it.each(SUSPECT_NAMES)('have the suspect %s', (name) => {
    expect(rows(`vm/guest/suspects/${name}/${name}.c`)).toContain(name);
  });
});
