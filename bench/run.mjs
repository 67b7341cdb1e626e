// SPDX-License-Identifier: MIT
// `npm run bench`: bundles bench/speed with the parts of the program that it measures, and runs it.
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundleScript } from '../harness/bundle.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const { main } = await import(pathToFileURL(await bundleScript('bench/speed/main.ts')).href);
process.exitCode = await main(root, process.argv.slice(2));
