// SPDX-License-Identifier: MIT
// Run inside the namespace of a fault: names every entry of the cache that the fault has touched
// and that is not what its sums say. Bundled first, because Node 20 runs no TypeScript.
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { check, readSums } from '../../harness/util/sums.js';

const { CACHE = '', WORK = '' } = process.env;
const names = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);
for (const kind of names(path.join(CACHE, 'sums'))) {
  for (const file of names(path.join(CACHE, 'sums', kind))) {
    const key = file.replace(/\.json$/, '');
    const entry = path.join(CACHE, kind, key);
    const touched = [path.join(kind, key), path.join('sums', kind, file)].some((name) =>
      existsSync(path.join(WORK, 'upper', name)),
    );
    if (!touched || !existsSync(entry)) continue;
    const sums = await readSums(path.join(CACHE, 'sums', kind, file));
    // Nobody takes an entry with sums like these for good: it is made again, and that is said.
    if (sums === 'damaged') continue;
    const problem =
      sums === null ? 'it has none' : (await check(entry, sums, { full: true })).problem;
    if (problem !== null) process.stdout.write(`${kind}/${key}: ${problem}\n`);
  }
}
