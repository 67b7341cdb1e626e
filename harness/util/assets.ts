// SPDX-License-Identifier: MIT
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The project's (or the installed package's) own folder: beside dist/ and harness/. */
const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** Path of a file that ships with the project, e.g. `assets('vm', 'init')`. */
export const assets = (...parts: string[]): string => path.join(ROOT, ...parts);
