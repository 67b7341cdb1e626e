// SPDX-License-Identifier: MIT
// `npm run soak`: bundles soak.ts, because Node 20 runs no TypeScript, and runs it.
import { pathToFileURL } from 'node:url';
import { bundleScript } from '../../harness/bundle.mjs';

await import(pathToFileURL(await bundleScript('test/faults/soak.ts')).href);
