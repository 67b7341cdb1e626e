// SPDX-License-Identifier: MIT
// What the linter's import rules cannot say of the rooms.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { SUSPECTS } from '../../../harness/suspects/index.js';
import { assets } from '../../../harness/util/assets.js';

/** Every file below a folder, relative to the project. */
const files = (folder: string): string[] =>
  readdirSync(assets(folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(assets(), path.join(entry.parentPath, entry.name)))
    .sort();

const naming = (folder: string, what: RegExp): string[] =>
  files(folder).filter((file) => what.test(readFileSync(assets(file), 'utf8')));

describe.each(Object.values(SUSPECTS))('$name', ({ name, build }) => {
  const method = new RegExp(`\\b${build.method}\\b`);

  it('has files that name its method, so that the rest of this can fail', () => {
    expect(naming(`harness/suspects/${name}`, method).length).toBeGreaterThan(0);
  });

  it('alone names its method in harness/', () => {
    const others = naming('harness', method).filter(
      (file) => !file.startsWith(`harness/suspects/${name}/`),
    );
    expect(others).toEqual([]);
  });

  it('alone names its method in the guest', () => {
    const others = naming('vm', method).filter(
      (file) => !file.startsWith(`vm/guest/suspects/${name}/`) && !file.startsWith(build.directory),
    );
    expect(others).toEqual([]);
  });
});

describe('cli/', () => {
  it('is imported by nobody but the program’s own entries', () => {
    const importing = [...files('harness'), ...files('test'), ...files('bench')].filter((file) => {
      if (file.startsWith('harness/cli/') || file.startsWith('test/unit/cli/')) return false;
      if (!/\.(ts|tsx|mjs)$/.test(file)) return false;
      return /(from|import\()\s*['"][^'"]*\/cli\//.test(readFileSync(assets(file), 'utf8'));
    });
    expect(importing).toEqual(['harness/generate.mjs', 'harness/main.ts']);
  });
});
