// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The nearest folder above this file with a package.json: bundled or not, it lies somewhere below. */
function ownFolder(): string {
  let at = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(at, 'package.json')) && at !== path.dirname(at)) {
    at = path.dirname(at);
  }
  return at;
}

/** The project's (or the installed package's) own folder. */
const ROOT = ownFolder();

/** Path of a file that ships with the project, e.g. `assets('vm', 'init')`. */
export const assets = (...parts: string[]): string => path.join(ROOT, ...parts);
