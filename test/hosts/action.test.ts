// SPDX-License-Identifier: MIT
// Every `run:` step of action.yml in a fresh root of a Debian, in their order, as a runner does it.
import { access, cp, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { assets } from '../../harness/util/assets.js';
import { openCache } from '../../harness/util/cache.js';
import {
  bringNode,
  checkout,
  freshRoot,
  installNode,
  type Root,
  type Suite,
} from '../support/hosts/root.js';
import { type Outcome, runAction } from '../support/hosts/runner.js';

/** The package as it would be published, in the root. */
async function tarball(root: Root): Promise<string> {
  const folder = path.join(root.path, 'tarball');
  await mkdir(folder);
  await execa('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: assets() });
  return `/tarball/${(await readdir(folder))[0]}`;
}

/** Runs it with Node and a cache that later runs of this test find, too. */
async function act(root: Root, inputs: Readonly<Record<string, string>>): Promise<Outcome> {
  const kept = (await openCache()).root;
  let [from, to] = ['', ''];
  const outcome = await runAction(root, inputs, async (action, { path: folder = '', key = '' }) => {
    if (!action.startsWith('actions/cache@')) return;
    [from, to] = [path.join(kept, 'test-action-cache', key), path.join(root.path, folder)];
    if (await there(from)) await cp(from, to, { recursive: true, preserveTimestamps: true });
  });
  if (from !== '' && outcome.outputs.verdict !== '' && !(await there(from))) {
    await mkdir(path.dirname(from), { recursive: true });
    await cp(to, from, { recursive: true, preserveTimestamps: true });
  }
  return outcome;
}

const there = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

const NAMES = ['Open /dev/kvm', 'Install dmrace', 'Key of the cache', 'What the host lacks', 'Run'];

function expectVerdict({ ran, outputs, summary }: Outcome): void {
  const said = ran.map(({ name, exitCode, said: text }) => `${name}: ${exitCode}\n${text}`);
  expect(
    ran.map(({ name }) => name),
    said.join('\n'),
  ).toEqual(NAMES);
  expect(
    ran.map(({ exitCode }) => exitCode),
    said.join('\n'),
  ).toEqual([0, 0, 0, 0, 0]);
  expect(outputs.verdict).toBe('closed');
  expect(ran.at(-1)?.said).toContain('::notice title=dmrace release%3A closed::');
  expect(summary).toMatch(/^## dmrace release: closed\n/);
}

describe('the action, in a fresh root of', () => {
  it.each<[string, Suite, (root: Root) => Promise<Record<string, string>>]>([
    [
      'Debian 12, from its source',
      'bookworm',
      async (root) => {
        await bringNode(root);
        await checkout(root, 'action');
        return {};
      },
    ],
    [
      'Debian 13 with its own Node, from a tarball',
      'trixie',
      async (root) => {
        expect(await installNode(root)).toMatch(/^v20\.19\./);
        return { version: await tarball(root) };
      },
    ],
  ])('%s', async (_, suite, prepare) => {
    await using root = await freshRoot(suite);
    const inputs = await prepare(root);
    const outcome = await act(root, { ...inputs, trials: '1' });
    expectVerdict(outcome);
    const { report = '' } = outcome.outputs;
    const page = await readFile(path.join(root.path, report), 'utf8');
    expect(page).toMatch(/^<!doctype html>.*<\/html>\n?$/s);
    const uploaded = outcome.used.get('actions/upload-artifact@v4')?.path ?? '';
    expect(await readdir(path.join(root.path, uploaded))).toContain('verdict.json');

    // What is no kernel: one message, and the code of wrong usage.
    await rm(path.join(root.path, 'tmp/runner/dmrace-run'), { recursive: true });
    const bad = await act(root, { ...inputs, kernel: 'no-kernel' });
    const last = bad.ran.at(-1);
    expect([last?.name, last?.exitCode], last?.said).toEqual(['Run', 129]);
    expect(last?.said.match(/^dmrace: .*no-kernel.*$/gm)).toHaveLength(1);
    expect(last?.said).toContain('::error title=dmrace::there was no run');
    expect(bad.outputs).toEqual({ verdict: '', report: '' });
  });
});
