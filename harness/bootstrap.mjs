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

function hashOf(files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(file).update(readFileSync(at(file)));
  return hash.digest('hex');
}

/** Does `work` unless its inputs are those of the last time it succeeded. */
function once(stamp, files, present, work) {
  const hash = hashOf(files);
  const known = existsSync(at(stamp)) ? readFileSync(at(stamp), 'utf8') : '';
  if (known === hash && existsSync(at(present))) return;
  work();
  mkdirSync(path.dirname(at(stamp)), { recursive: true });
  writeFileSync(at(stamp), hash);
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  fail(128, `Node ${process.versions.node} is too old (limit: 20.19); install a newer one`);
}

const [task = 'run', ...rest] = process.argv.slice(2);

once('node_modules/.dmrace-stamp', ['package.json', 'package-lock.json'], 'node_modules', () =>
  run('npm packages', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']),
);
const sources = readdirSync(at('harness'), { recursive: true })
  .filter((file) => /\.(tsx?|css|mjs)$/.test(file))
  .map((file) => path.join('harness', file))
  .sort();
once(
  'dist/.dmrace-stamp',
  ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json', ...sources],
  'dist/report/page/page.js',
  () => {
    run('TypeScript build', process.execPath, [
      at('node_modules/typescript/bin/tsc'),
      '-p',
      'tsconfig.build.json',
    ]);
    run('Page of the HTML report', process.execPath, [at('harness/bundle.mjs')]);
  },
);

const { dmrace } = await import('../dist/cli/dmrace.js');
const interrupt = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => interrupt.abort());

// A container brings its own tools.
const { servedByDocker } = await import('../dist/cli/docker/index.js');
if (task !== 'run' || !(await servedByDocker(['run', ...rest]))) {
  const prepared = await dmrace(
    ['doctor', '--fix', ...(task === 'test' ? ['--tests'] : [])],
    interrupt.signal,
  );
  if (prepared !== 0) process.exit(prepared);
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
