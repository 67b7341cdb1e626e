// SPDX-License-Identifier: MIT
// `npm start`, `npm test` and `npm run bench` in a fresh clone: plain Node, no packages, because
// installing them is what this file is for. It does only what is not done yet, says so, and hands
// over to the real program.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const at = (...parts) => path.join(root, ...parts);
const say = (line) => process.stderr.write(`${line}\n`);

// Node's own exit code for what nobody catches is 1, which says `open`; a reader of the output that
// has gone is no failure.
process.on('uncaughtException', (error) => {
  try {
    writeSync(2, `dmrace: ${error instanceof Error ? error.message : error}\n`);
  } catch {
    // nobody listens
  }
  process.exit(128);
});
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    if (error.code !== 'EPIPE' && stream === process.stdout) process.exit(128);
  });
}

function fail(code, message) {
  say(`dmrace: ${message}`);
  process.exit(code);
}

/** Runs a tool with its output on stderr: stdout is for results. */
function run(title, file, args) {
  const started = Date.now();
  const result = spawnSync(file, args, { cwd: root, stdio: ['inherit', 2, 2] });
  if (result.error) fail(128, `${file} cannot be run: ${result.error.message}`);
  if (result.signal) fail(130, `${title}: interrupted`);
  if (result.status !== 0) fail(128, `${title} failed (exit code ${result.status})`);
  say(`${title}: done in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

const hashOf = (files) => {
  const hash = createHash('sha256');
  for (const file of files) hash.update(file).update(readFileSync(at(file)));
  return hash.digest('hex');
};
const stampOf = (file) => (existsSync(at(file)) ? readFileSync(at(file), 'utf8') : '');
function stamp(file, text) {
  mkdirSync(path.dirname(at(file)), { recursive: true });
  writeFileSync(at(file), text);
}

/** What makes the program of its source, of the packages for development. */
const BUILD = ['esbuild', 'd3-selection', 'd3-zoom'];
/** esbuild's own program for this machine, which is an optional package of it. */
const ESBUILD = `@esbuild/${process.platform}-${process.arch}`;
/** What a run does without: tools of development, Docker's client, what packages would also work with. */
const OMIT = ['dev', 'optional', 'peer'].map((kind) => `--omit=${kind}`);
const QUIET = ['--no-audit', '--no-fund', '--loglevel=error'];

/**
 * Installs packages, as package-lock.json has them. In a fresh clone a run needs a third of them,
 * which takes a third of the time; node_modules that somebody else has made, or that was whole once,
 * stays whole.
 */
function packages(whole) {
  const file = 'node_modules/.dmrace-stamp';
  const hash = hashOf(['package.json', 'package-lock.json']);
  const before = stampOf(file);
  if (before === hash || (!whole && before === `${hash} program`)) return;
  if (whole || (existsSync(at('node_modules')) && !before.endsWith(' program'))) {
    run('npm packages', 'npm', ['ci', ...QUIET]);
    return stamp(file, hash);
  }
  const { devDependencies } = JSON.parse(readFileSync(at('package.json'), 'utf8'));
  const build = BUILD.map((name) => `${name}@${devDependencies[name]}`);
  build.push(`${ESBUILD}@${devDependencies.esbuild}`);
  run('npm packages', 'npm', ['install', '--no-save', '--save-prod', ...OMIT, ...QUIET, ...build]);
  stamp(file, `${hash} program`);
}

/** Makes dist/ of harness/, unless it is what this source gave. */
function program() {
  const sources = readdirSync(at('harness'), { recursive: true })
    .filter((file) => /\.(tsx?|css|mjs)$/.test(file))
    .map((file) => path.join('harness', file))
    .sort();
  const hash = hashOf(['package-lock.json', ...sources]);
  if (stampOf('dist/.dmrace-stamp') === hash && existsSync(at('dist/report/page/page.js'))) return;
  run('Program', process.execPath, [at('harness/bundle.mjs')]);
  stamp('dist/.dmrace-stamp', hash);
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  fail(128, `Node ${process.versions.node} is too old (limit: 20.19); install a newer one`);
}

const [task = 'run', ...rest] = process.argv.slice(2);

packages(task !== 'run');
program();

const { dmrace, downloadAhead, servedByDocker } = await import('../dist/dmrace.js');
const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => interrupt.abort());

// A container brings its own tools.
if (task !== 'run' || !(await servedByDocker(['run', ...rest]))) {
  // The network is idle while packages are installed.
  const ahead = task === 'run' ? downloadAhead(rest, interrupt.signal) : null;
  const prepared = await dmrace(
    ['doctor', '--fix', ...(task === 'test' ? ['--tests'] : [])],
    interrupt.signal,
  );
  if (prepared !== 0) process.exit(prepared);
  await ahead;
  // test/qemu/arm64.test.ts builds for arm64 wherever it runs.
  if (task === 'test') {
    const cross = await dmrace(['doctor', '--fix', '--arch', 'arm64'], interrupt.signal);
    if (cross !== 0) process.exit(cross);
  }
}

if (task === 'run') {
  // Whatever is still there (a tool, the holder of a lock) does not keep the process alive.
  process.exit(await dmrace(['run', ...rest], interrupt.signal));
} else {
  // The others have scripts of their own. Named one by one: of several `--project=!NAME` vitest
  // takes a project that any of them lets through, which is every one.
  const apart = rest.some((word) => word.startsWith('--project'))
    ? []
    : ['unit', 'tamper', 'qemu', 'docker'].map((name) => `--project=${name}`);
  const script =
    task === 'bench'
      ? [at('bench/run.mjs')]
      : [at('node_modules/vitest/vitest.mjs'), 'run', ...apart];
  const result = spawnSync(process.execPath, [...script, ...rest], {
    cwd: root,
    stdio: 'inherit',
  });
  process.exitCode = result.status ?? 130;
}
