// SPDX-License-Identifier: MIT
// Bundles the script and the style of the HTML report. Plain JavaScript, because it is part of the
// build: `npm run build` runs it, harness/bootstrap.mjs and the unit tests import it.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/**
 * The scripts of the pages of a run and of an audit, and their style, minified, as text.
 * @returns {Promise<{ script: string, audit: string, style: string, inputs: string[] }>} with the
 *   files they are of
 */
export async function bundlePage() {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['page.ts', 'audit.ts', 'page.css'].map((name) => `harness/report/client/${name}`),
    outdir: 'dist/report/page',
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    charset: 'ascii',
    legalComments: 'none',
    target: ['chrome109', 'firefox115', 'safari16'],
    tsconfigRaw: { compilerOptions: { target: 'es2022' } },
  });
  const text = (ending) => outputFiles.find((file) => file.path.endsWith(ending))?.text ?? '';
  return {
    script: text('page.js'),
    audit: text('audit.js'),
    style: text('.css'),
    inputs: Object.keys(metafile.inputs),
  };
}

/** Writes them to dist/report/page/. */
export async function writePage() {
  const { script, audit, style } = await bundlePage();
  const folder = path.join(root, 'dist/report/page');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'page.js'), script);
  writeFileSync(path.join(folder, 'audit.js'), audit);
  writeFileSync(path.join(folder, 'page.css'), style);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writePage();
