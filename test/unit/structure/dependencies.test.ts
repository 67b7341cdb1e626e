// SPDX-License-Identifier: MIT
// docs/dependencies.md has a line for each package, with the licence that the package names.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { assets } from '../../../harness/util/assets.js';

const json = (...names: string[]): unknown => JSON.parse(readFileSync(assets(...names), 'utf8'));
const Names = z.record(z.string(), z.string()).default({});
const packageJson = z
  .object({
    version: z.string(),
    dependencies: Names,
    devDependencies: Names,
    optionalDependencies: Names,
  })
  .parse(json('package.json'));
const packages = Object.keys({
  ...packageJson.dependencies,
  ...packageJson.optionalDependencies,
  ...packageJson.devDependencies,
});

/** Rows of the tables, by package: licence and date. */
const rows = new Map(
  [
    ...readFileSync(assets('docs/dependencies.md'), 'utf8').matchAll(
      /^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| [^|]+ \| [^|]+ \|$/gm,
    ),
  ].flatMap(([, names = '', licence = '', date = '']) =>
    names.split(', ').map((name) => [name, { licence, date }] as const),
  ),
);

describe('docs/dependencies.md', () => {
  it.each(packages)('%s', (name) => {
    const row = rows.get(name);
    const { license } = z
      .object({ license: z.string() })
      .parse(json('node_modules', name, 'package.json'));
    expect(row?.licence.split(', ')).toContain(license);
    expect(row?.date).toMatch(/^20\d\d-\d\d(-\d\d)?$/);
  });

  it('has no line for a package that is not there', () => {
    const others = [...rows.keys()].filter((name) => !packages.includes(name));
    expect(others.filter((name) => !['package', '---'].includes(name))).toEqual([]);
  });
});

it('CHANGELOG.md begins with the version of package.json', () => {
  const first = /^## (\S+?),?(?: |$)/m.exec(readFileSync(assets('CHANGELOG.md'), 'utf8'))?.[1];
  expect(first).toBe(packageJson.version);
});
