// SPDX-License-Identifier: MIT
// node bench/audit/run.mjs static|truth|live|planted ...: bundles one of the scripts beside this, and runs it.
import { pathToFileURL } from 'node:url';
import { bundleScript } from '../../harness/bundle.mjs';

await import(pathToFileURL(await bundleScript(`bench/audit/${process.argv[2]}.ts`)).href);
