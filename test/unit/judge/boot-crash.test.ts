// SPDX-License-Identifier: MIT
// A crash before `ready` counts alike whether the trial booted itself or starts from a saved guest.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { judgeTrial } from '../../../harness/judge/trial.js';
import { RunDirectory } from '../../../harness/runs/run-directory.js';
import { savedFiles } from '../../../harness/runs/trial-folder.js';
import { capture } from './support.js';

const WARNING = [
  '[    0.500000] ------------[ cut here ]------------',
  '[    0.500001] WARNING: CPU: 0 PID: 1 at arch/x86/kernel/early.c:12 early_thing+0x1a/0x30',
  '[    0.500002] RIP: 0010:early_thing+0x1a/0x30',
  '[    0.500003] ---[ end trace 0000000000000000 ]---',
  '',
].join('\n');

const kinds = (files: Parameters<typeof judgeTrial>[0]): string[] =>
  judgeTrial(files).findings.map(({ kind, function: name }) => `${kind} ${name}`);

it('it is a finding either way', () => {
  const files = capture('builtin');
  expect(judgeTrial(files).outcome).toBe('survived');
  const boot = Buffer.from(WARNING);
  const booted = { ...files, console: Buffer.concat([boot, files.console]) };
  const restored = { ...files, boot };
  expect(kinds(restored)).toEqual(['warning early_thing']);
  expect(kinds(restored)).toEqual(kinds(booted));
  expect(judgeTrial(restored).outcome).toBe(judgeTrial(booted).outcome);
  expect(judgeTrial(restored).reached).toBe(judgeTrial(booted).reached);
});

it('the lines of a finding from the boot are told to be another file’s', () => {
  const { reasons } = judgeTrial({ ...capture('builtin'), boot: Buffer.from(WARNING) });
  expect(reasons.join()).toMatch(/while it booted \(boot-console.log\): .*early_thing/);
});

it('a crash of the trial’s own is judged as ever beside it', () => {
  const files = capture('in-module');
  const [own] = judgeTrial(files).findings;
  const both = judgeTrial({ ...files, boot: Buffer.from(WARNING) }).findings;
  expect(both).toHaveLength(2);
  expect(both[1]).toEqual(own);
});

it('its file is among those that a trial keeps, with a seal, and only then', () => {
  const names = (files: Parameters<typeof savedFiles>[0]): string[] =>
    savedFiles(files).map(([name]) => name);
  expect(names(capture('builtin'))).not.toContain('boot-console.log');
  const saved = savedFiles({ ...capture('builtin'), boot: Buffer.from(WARNING) });
  expect(saved.map(([name]) => name)).toContain('boot-console.log');
  const note: unknown = JSON.parse(Buffer.from(saved.at(-1)?.[1] ?? []).toString());
  expect(note).toHaveProperty(['seals', 'boot-console.log']);
});

it('it is read back with the trial, and a change to it is told', async () => {
  const root = path.join(await mkdtemp(path.join(tmpdir(), 'dmrace-boot-')), 'run');
  try {
    const directory = await RunDirectory.create(root);
    await directory.writeTrial({ ...capture('builtin'), boot: Buffer.from(WARNING) }, 'qemu\n');
    const [trial] = await directory.readTrials();
    expect(trial?.damage).toEqual([]);
    expect(trial?.sound?.boot?.toString()).toBe(WARNING);
    await writeFile(path.join(root, 'builtin-0', 'boot-console.log'), 'silence\n');
    const [changed] = await directory.readTrials();
    expect(changed?.damage[0]?.observed).toMatch(/boot-console.log was changed/);
    expect(changed?.sound).not.toHaveProperty('boot');
    await rm(path.join(root, 'builtin-0', 'boot-console.log'));
    const [cut] = await directory.readTrials();
    expect(cut?.damage[0]?.observed).toMatch(/boot-console.log cannot be read/);
    await directory[Symbol.asyncDispose]();
  } finally {
    await rm(path.dirname(root), { recursive: true });
  }
});
