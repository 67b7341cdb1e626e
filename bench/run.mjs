// SPDX-License-Identifier: MIT
// `npm run bench`: bundles bench/speed, which imports the built program from dist, and runs it.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const outfile = path.join(root, 'node_modules/.cache/dmrace/bench.mjs');

mkdirSync(path.dirname(outfile), { recursive: true });
await build({
  absWorkingDir: root,
  entryPoints: ['bench/speed/main.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  packages: 'external',
  plugins: [
    {
      name: 'the built program',
      setup: ({ onResolve }) =>
        onResolve({ filter: /\/harness\// }, ({ path: wanted }) => ({
          path: pathToFileURL(path.join(root, 'dist', wanted.split('/harness/')[1] ?? '')).href,
          external: true,
        })),
    },
  ],
});
const { main } = await import(pathToFileURL(outfile).href);
process.exitCode = await main(root, process.argv.slice(2));
