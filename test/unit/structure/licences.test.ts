// SPDX-License-Identifier: MIT
// The licence of every file, as LICENSE and REUSE.toml tell it, and the notices of other people's
// packages.
import { readFileSync } from 'node:fs';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { notices } from '../../../harness/notices.mjs';
import { assets } from '../../../harness/util/assets.js';

const MIT = 'MIT';
const GPL = 'GPL-2.0-only';
const read = (...names: string[]): string => readFileSync(assets(...names), 'utf8');

/** The licence in the first lines of a file; null where they name none. */
const lineOf = (file: string): string | null =>
  /SPDX-License-Identifier: (.+?)(?: \*\/| -->)?$/m.exec(
    read(file).split('\n', 3).join('\n'),
  )?.[1] ?? null;

/** What a file has to be under; null for other people's. */
function wanted(file: string): string | null {
  if (/^test\/fixtures\/(control|junit)\//.test(file)) return null;
  return /^(vm|kernel-config)\//.test(file) ? GPL : MIT;
}

const tracked = async (): Promise<string[]> =>
  (await execa('git', ['ls-files', '-z'], { cwd: assets() })).stdout
    .split('\0')
    .filter((file) => file !== '' && !/\.(png|gz|xz|bin)$/.test(file));

/** Major version of Debian's reuse; 0 without one. REUSE.toml is read from 4 on (Debian 13 has 5). */
const { stdout } = await execa('reuse', ['--version'], { reject: false });
const reuse = Number(/version (\d+)/.exec(String(stdout))?.[1] ?? 0);

describe('licences', () => {
  it.skipIf(lineOf('harness/ports.ts') === GPL)(
    'the first lines of every file name that of its folder (skipped until the lines are switched)',
    async () => {
      const wrong = (await tracked()).filter((file) => {
        const [line, due] = [lineOf(file), wanted(file)];
        return line !== null && due !== null && line !== due && file !== 'LICENSE';
      });
      expect(wrong).toEqual([]);
    },
  );

  it.skipIf(reuse < 4)(
    `Debian’s reuse has nothing against them (skipped where there is none that reads REUSE.toml: ${reuse || 'none'})`,
    async () => {
      const { exitCode, all } = await execa('reuse', ['lint'], {
        cwd: assets(),
        reject: false,
        all: true,
      });
      expect(exitCode, all).toBe(0);
    },
    60_000,
  );

  it('package.json, LICENSES and the image name both', () => {
    const { license } = z.object({ license: z.string() }).parse(JSON.parse(read('package.json')));
    expect(license).toBe(`${MIT} AND ${GPL}`);
    expect(read('LICENSES/MIT.txt')).toMatch(/^MIT License\n/);
    expect(read('LICENSES/GPL-2.0-only.txt')).toMatch(/GNU GENERAL PUBLIC LICENSE\n +Version 2,/);
    expect(read('Dockerfile')).toContain(`image.licenses="${license}"`);
    expect(read('Dockerfile')).toContain('LICENSE LICENSES THIRD-PARTY-NOTICES.txt /out/');
  });
});

describe('THIRD-PARTY-NOTICES.txt', () => {
  it('is as `npm run generate` makes it', async () => {
    expect(read('THIRD-PARTY-NOTICES.txt')).toBe(await notices());
  }, 60_000);

  it('has what the program loads and what is in the page, with the texts', () => {
    const text = read('THIRD-PARTY-NOTICES.txt');
    for (const name of ['zx', 'human-signals', 'cssomnom', 'dockerode']) {
      expect(text).toMatch(new RegExp(`^${name} [0-9.]+ \\(Apache-2\\.0\\)$`, 'm'));
    }
    expect(text).toMatch(/^d3-zoom [0-9.]+ \(ISC\)$/m);
    expect(text).not.toMatch(/^vitest /m);
    expect(text).not.toContain('(undefined)');
  });
});
