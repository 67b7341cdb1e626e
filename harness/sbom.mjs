// SPDX-License-Identifier: MIT
// `npm run sbom`: npm's own CycloneDX list of what the program loads. npm 11.19's `--omit dev` drops
// packages that a development tool needs as well (lru-cache, picocolors), so npm is shown a lock file
// that has no development tools in it.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const read = (name) => JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url), 'utf8'));
const { devDependencies: _, ...own } = read('package.json');
const lock = read('package-lock.json');
const { devDependencies: __, ...root } = lock.packages[''];
const loaded = Object.entries(lock.packages).filter(([name, { dev }]) => name !== '' && !dev);

const work = mkdtempSync(path.join(tmpdir(), 'dmrace-sbom-'));
try {
  // npm names the program after its folder.
  const folder = path.join(work, own.name);
  mkdirSync(folder);
  const write = (name, value) => writeFileSync(path.join(folder, name), JSON.stringify(value));
  write('package.json', own);
  write('package-lock.json', { ...lock, packages: { '': root, ...Object.fromEntries(loaded) } });
  const options = ['--sbom-format', 'cyclonedx', '--sbom-type', 'application'];
  execFileSync('npm', ['sbom', ...options, '--package-lock-only'], {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
} finally {
  rmSync(work, { recursive: true, force: true });
}
