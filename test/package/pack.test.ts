// SPDX-License-Identifier: MIT
// What `npm pack` gives, installed in an empty folder.
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assets } from '../../harness/util/assets.js';

let work: string;
let installed: string;

/** npx in the empty folder; never rejects. */
const npx = (...args: string[]) =>
  execa('npx', ['--no-install', 'dmrace', ...args], { cwd: installed, reject: false });

beforeAll(async () => {
  work = await mkdtemp(path.join(tmpdir(), 'dmrace-pack-'));
  // A copy, because prepack builds dist anew, which other tests use.
  const source = path.join(work, 'source');
  await mkdir(source);
  const left = ['.git', 'node_modules', 'dist', 'man', 'dmrace-runs', 'test'];
  for (const name of await readdir(assets())) {
    if (!left.includes(name)) await cp(assets(name), path.join(source, name), { recursive: true });
  }
  await symlink(assets('node_modules'), path.join(source, 'node_modules'));
  await execa('npm', ['pack', '--pack-destination', work], { cwd: source });
  const tarball = (await readdir(work)).find((name) => name.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('npm pack made no tarball');
  installed = path.join(work, 'empty');
  await mkdir(installed);
  await execa(
    'npm',
    ['install', '--omit=dev', '--prefer-offline', '--no-audit', '--no-fund', `../${tarball}`],
    { cwd: installed },
  );
});
afterAll(async () => {
  await rm(work, { recursive: true, force: true });
});

describe('the package in an empty folder', () => {
  it('knows its version', async () => {
    const { version } = JSON.parse(await readFile(assets('package.json'), 'utf8'));
    expect((await npx('--version')).stdout).toBe(version);
  });

  it('brings the guest, the kernel changes, docs and man page, and no sources', async () => {
    const root = path.join(installed, 'node_modules/dmrace');
    for (const file of [
      'vm/init',
      'kernel-config/control.json',
      'docs/run-result.schema.json',
      'man/dmrace.1',
      'LICENSE',
      'CHANGELOG.md',
    ]) {
      expect((await readFile(path.join(root, file))).length, file).toBeGreaterThan(0);
    }
    expect(await readdir(root)).not.toContain('harness');
    expect(await readdir(root)).not.toContain('test');
  });

  it('doctor finds nothing missing', async () => {
    const result = await npx('doctor');
    expect(result.exitCode, result.stderr).toBe(0);
  });

  it('gives a verdict', async () => {
    const result = await npx('run', '--trials', '1', '--out', 'run', '--format', 'json');
    expect(result.exitCode, result.stderr).toBe(0);
    expect(JSON.parse(result.stdout)).toMatchObject({ schema: 1, verdict: 'closed' });
    expect((await npx('judge', 'run')).exitCode).toBe(0);
    const report = await npx('report', 'run', '--output', '-');
    expect(report.exitCode, report.stderr).toBe(0);
    expect(report.stdout).toMatch(/^<!doctype html>.*<\/html>$/s);
  });
});
