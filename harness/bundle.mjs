// SPDX-License-Identifier: MIT
// The build: esbuild makes the program and the page of the HTML report. Plain JavaScript, because
// harness/bootstrap.mjs and the tests import it, too. The types are checked by `npm run lint`.
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** The repository: above this file, or above dist/.scripts where a bundled script holds this one. */
const root = (function above(folder) {
  return existsSync(path.join(folder, 'package.json')) ? folder : above(path.dirname(folder));
})(path.dirname(fileURLToPath(import.meta.url)));

/** For Node, as this project's modules are. Identifiers keep their names, for stack traces. */
const FOR_NODE = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20.19',
  charset: 'utf8',
  legalComments: 'none', // THIRD-PARTY-NOTICES.txt has them all
  // Elsewhere node_modules may be a link: names in what is made do not depend on it.
  preserveSymlinks: true,
  logLevel: 'warning',
};

/** What zod says in forty other languages, which is a third of it. */
const ENGLISH = {
  name: 'English',
  setup: ({ onLoad }) =>
    onLoad({ filter: /node_modules\/zod\/v4\/locales\/index\.js$/ }, () => ({ contents: '' })),
};

/** Loaded for a configuration in TypeScript, and for the colours of a table: dmrace has neither. */
const NEVER = ['typescript', '@colors/colors'];

/**
 * Makes dist/ anew: `main.js`, which is the command, `dmrace.js`, the same as a function, and files
 * that they share or load when they need them. Other people's packages are inside, because finding
 * and reading their hundreds of files takes several times as long as Node's own start; optional
 * ones are not.
 */
export async function writeProgram() {
  const { optionalDependencies } = JSON.parse(
    readFileSync(path.join(root, 'package.json'), 'utf8'),
  );
  const { outputFiles } = await build({
    ...FOR_NODE,
    entryPoints: { main: 'harness/main.ts', dmrace: 'harness/cli/dmrace.ts' },
    outdir: 'dist',
    splitting: true,
    chunkNames: 'parts/[name]-[hash]',
    external: [...Object.keys(optionalDependencies), ...NEVER],
    define: { __filename: 'import.meta.filename', __dirname: 'import.meta.dirname' },
    // Packages that are CommonJS inside ask for Node's own modules by require().
    banner: {
      js: "import{createRequire as requireOf}from'node:module';const require=requireOf(import.meta.url);",
    },
    minifySyntax: true,
    minifyWhitespace: true,
    plugins: [ENGLISH],
    write: false,
  });
  const dist = path.join(root, 'dist');
  rmSync(dist, { recursive: true, force: true });
  for (const { path: file, contents } of outputFiles) {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, contents);
  }
  chmodSync(path.join(dist, 'main.js'), 0o755);
}

/**
 * A script of the repository's own (bench, soak, generate), made ready for Node, which runs no
 * TypeScript. Packages stay outside.
 * @param {string} entry its path in the repository
 * @param {string} [text] instead of the file's content
 * @returns {Promise<string>} the file to import or to run
 */
export async function bundleScript(entry, text) {
  const outfile = path.join(root, 'dist/.scripts', `${entry.replaceAll('/', '-')}.mjs`);
  const folder = path.join(root, path.dirname(entry));
  await build({
    ...FOR_NODE,
    ...(text === undefined
      ? { entryPoints: [entry] }
      : { stdin: { contents: text, resolveDir: folder, loader: 'ts' } }),
    outfile,
    packages: 'external',
    define: { 'import.meta.dirname': JSON.stringify(folder) },
  });
  return outfile;
}

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

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeProgram();
  await writePage();
}
