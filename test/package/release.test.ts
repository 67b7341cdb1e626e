// SPDX-License-Identifier: MIT
// A release: the tarball has the same bytes wherever it is made, holds what it should and nothing
// else, and the list of its components is CycloneDX.
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { assets } from '../../harness/util/assets.js';

const Packed = z.tuple([
  z.object({ filename: z.string(), files: z.array(z.object({ path: z.string() })) }),
]);
const PackageJson = z.object({
  version: z.string(),
  dependencies: z.record(z.string(), z.string()),
});

let work: string;
let tracked: string[];
const packed: { sha256: string; files: string[] }[] = [];

/** Packs a copy of the tracked files in a folder of its own, with another time zone and mask. */
async function pack(name: string, timeZone: string): Promise<{ sha256: string; files: string[] }> {
  const source = path.join(work, name);
  for (const file of tracked) {
    await mkdir(path.dirname(path.join(source, file)), { recursive: true });
    await cp(assets(file), path.join(source, file));
  }
  await symlink(assets('node_modules'), path.join(source, 'node_modules'));
  const { stdout } = await execa('npm', ['pack', '--json'], { cwd: source, env: { TZ: timeZone } });
  const [{ filename, files }] = Packed.parse(JSON.parse(stdout));
  const bytes = await readFile(path.join(source, filename));
  return {
    sha256: createHash('sha256').update(bytes).digest('hex'),
    files: files.map((file) => file.path).sort(),
  };
}

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'dmrace-release-'));
  const listed = await execa('git', ['ls-files', '-z'], { cwd: assets() });
  tracked = listed.stdout.split('\0').filter((file) => file !== '');
  packed.push(await pack('a', 'UTC'), await pack('longer/b', 'Asia/Tokyo'));
}, 600_000);
afterAll(() => rm(work, { recursive: true, force: true }));

describe('npm pack', () => {
  it('gives the same bytes twice', () => {
    expect(packed[0]?.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(packed[1]).toEqual(packed[0]);
  });

  it('holds the program, what it ships, and nothing else', () => {
    // The parts have names of their content.
    const part = /^dist\/parts\/[\w-]+-[0-9A-Z]{8}\.js$/;
    const parts = packed[0]?.files.filter((file) => part.test(file)) ?? [];
    expect(parts.length).toBeGreaterThan(10);
    const program = ['dist/main.js', 'dist/dmrace.js', ...parts];
    const shipped = tracked.filter((file) =>
      /^(vm|kernel-config|docs|LICENSES)\/|^(CHANGELOG\.md|Dockerfile|LICENSE|README\.md|THIRD-PARTY-NOTICES\.txt|package\.json)$/.test(
        file,
      ),
    );
    const page = ['audit.js', 'page.css', 'page.js'].map((name) => `dist/report/page/${name}`);
    const made = [...page, 'man/dmrace.1'];
    expect(packed[0]?.files).toEqual([...program, ...shipped, ...made].sort());
  });
});

describe('npm run sbom', () => {
  it('is a CycloneDX list of what the program loads, with licences', async () => {
    const { stdout } = await execa('npm', ['run', '--silent', 'sbom'], { cwd: assets() });
    const sbom = z
      .object({
        bomFormat: z.literal('CycloneDX'),
        specVersion: z.string().regex(/^1\.\d$/),
        metadata: z.object({
          // npm takes the name beside it from the folder's.
          component: z.object({ 'bom-ref': z.string() }),
        }),
        components: z.array(
          z.object({
            name: z.string(),
            version: z.string(),
            purl: z.string(),
            licenses: z.array(z.unknown()).optional(),
          }),
        ),
      })
      .parse(JSON.parse(stdout));
    const { version, dependencies } = PackageJson.parse(
      JSON.parse(await readFile(assets('package.json'), 'utf8')),
    );
    expect(sbom.metadata.component['bom-ref']).toBe(`dmrace@${version}`);
    const found = new Map(sbom.components.map((one) => [one.purl, one]));
    for (const [name, wanted] of Object.entries(dependencies)) {
      const purl = `pkg:npm/${name.replace('@', '%40')}@${wanted}`;
      expect(found.get(purl)?.licenses, purl).toHaveLength(1);
    }
    expect(sbom.components.map(({ name }) => name)).not.toContain('vitest');
  });
});
