// SPDX-License-Identifier: MIT
// What a saved run knows of its dumps.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { judgeTrial } from '../../../harness/judge/trial.js';
import type { Dump } from '../../../harness/model/dump.js';
import { Retention } from '../../../harness/runs/ledger.js';
import { MANIFEST } from '../../../harness/runs/manifest.js';
import { NoteJson, noteFromJson, noteText } from '../../../harness/runs/plan-json.js';
import { ResultJson, resultFromJson, resultToJson } from '../../../harness/runs/result-json.js';
import { RunDirectory } from '../../../harness/runs/run-directory.js';
import { readSavedRun } from '../../../harness/runs/saved-run.js';
import { sha256 } from '../../../harness/runs/seal.js';
import { assets } from '../../../harness/util/assets.js';
import { capture, crashedControl } from '../judge/support.js';

const CONTENT = 'a guest’s memory';
const DUMP: Dump = {
  kept: true,
  file: 'vmcore',
  bytes: Buffer.byteLength(CONTENT),
  sha256: sha256(CONTENT),
  at: 'death',
  task: { pid: 117, pc: 'ffffffff81003300', sp: 'ffffc900005c3cb8' },
};
const TIE = {
  run: 'r',
  release: '6.1.0',
  version: 'Debian',
  imageSha256: '00',
  qemu: 'QEMU',
  guest: 'g',
};
const NONE: Dump = { kept: false, why: 'no space left', failed: true };

let root: string;
beforeEach(() => {
  root = path.join(mkdtempSync(path.join(tmpdir(), 'dmrace-dumps-')), 'run');
});
afterEach(() => {
  rmSync(path.dirname(root), { recursive: true });
});

describe('a dump in files', () => {
  it.each([DUMP, NONE])('comes back from trial.json and result.json as it was (%#)', (dump) => {
    const { note } = capture('in-module');
    const text = noteText({ ...note, tie: TIE, dump }, {});
    expect(noteFromJson(NoteJson.parse(JSON.parse(text)), text)).toMatchObject({ dump });
    const result = judgeTrial({ ...capture('in-module'), note: { ...note, dump } });
    expect(result.dump).toEqual(dump);
    const json = ResultJson.parse(JSON.parse(JSON.stringify(resultToJson(result))));
    expect(resultFromJson(json, note.plan)?.dump).toEqual(dump);
  });

  it('is sealed with its trial', () => {
    const { note } = capture('in-module');
    const text = noteText({ ...note, tie: TIE, dump: DUMP }, {});
    const forged = text.replace(DUMP.kept ? DUMP.sha256 : '', '0'.repeat(64));
    expect(forged).not.toBe(text);
    expect(noteFromJson(NoteJson.parse(JSON.parse(forged)), forged)).toBe(
      'it was changed after the run',
    );
  });
});

describe('the folder of a trial that was dumped', () => {
  const files = { ...capture('in-module'), note: { ...capture('in-module').note, dump: DUMP } };
  const written = async (): Promise<RunDirectory> => {
    const directory = await RunDirectory.create(root);
    mkdirSync(path.dirname(directory.dumpPath(files.note.plan)), { recursive: true });
    writeFileSync(directory.dumpPath(files.note.plan), CONTENT);
    await directory.writeTrial(files, '');
    return directory;
  };

  it('has the dump from where it was written', async () => {
    const directory = await written();
    expect(readFileSync(path.join(root, 'in-module-0', 'vmcore'), 'utf8')).toBe(CONTENT);
    expect(existsSync(directory.dumpPath(files.note.plan))).toBe(false);
    const [trial] = await directory.readTrials();
    expect(trial?.dumpProblem).toBeNull();
    await directory[Symbol.asyncDispose]();
  });

  it('goes with it when it is dropped, and nothing is left of dumps that nobody kept', async () => {
    const directory = await written();
    writeFileSync(directory.dumpPath(files.note.plan), 'of an attempt that was cut');
    await directory.removeDumps();
    await directory.writeEntry({ plan: files.note.plan, kept: false, result: judgeTrial(files) });
    await directory[Symbol.asyncDispose]();
    expect(existsSync(path.join(root, 'dumping'))).toBe(false);
    expect(existsSync(path.join(root, 'in-module-0'))).toBe(false);
  });
});

it('a trial with a dump keeps its files, however many like it there are', () => {
  const retention = new Retention();
  for (let index = 0; index < 100; index++) retention.keeps(crashedControl(index));
  expect(retention.keeps(crashedControl(100))).toBe(false);
  expect(retention.keeps({ ...crashedControl(101), dump: DUMP })).toBe(true);
  expect(retention.keeps({ ...crashedControl(102), dump: NONE })).toBe(false);
});

describe('a saved run with a dump', () => {
  /** A real run, whose planted control is said to have been dumped. */
  const saved = (content: string | null): void => {
    cpSync(assets('test/fixtures/run-directories/planted'), root, { recursive: true });
    const at = (name: string): string => path.join(root, 'planted-0', name);
    const text = readFileSync(at('trial.json'), 'utf8');
    const json = NoteJson.parse(JSON.parse(text));
    const note = noteFromJson(json, text);
    if (typeof note === 'string' || json.schema !== 2) throw new Error('no such fixture');
    writeFileSync(at('trial.json'), noteText({ ...note, dump: DUMP }, json.seals));
    if (content !== null) writeFileSync(at('vmcore'), content);
  };
  const notes = async (): Promise<readonly string[]> => {
    const { result, damage } = await readSavedRun(root);
    expect(damage).toEqual([]);
    return result.reasons;
  };

  it('has the verdict that it had, and its trial the dump', async () => {
    const before = await readSavedRun(assets('test/fixtures/run-directories/planted'));
    saved(CONTENT);
    const { result } = await readSavedRun(root);
    expect(result.verdict).toBe(before.result.verdict);
    expect(result.reasons).toEqual(before.result.reasons);
    const planted = result.trials.find(({ placement }) => placement === 'planted');
    expect(planted?.dump).toEqual(DUMP);
  });

  it.each([
    [null, 'planted-0: its vmcore is gone'],
    ['cut', `planted-0: its vmcore has 3 bytes where the run wrote ${Buffer.byteLength(CONTENT)}`],
  ])('tells one that is gone or cut, which is no damage to the verdict', async (content, said) => {
    const before = await readSavedRun(assets('test/fixtures/run-directories/planted'));
    saved(content);
    expect(await notes()).toContain(said);
    expect((await readSavedRun(root)).result.exitCode).toBe(before.result.exitCode);
  });

  it('has it in its manifest: one of the same size and another content is told', async () => {
    saved(CONTENT);
    const directory = await RunDirectory.open(root);
    await directory.own();
    const manifest = await directory.writeManifest();
    await directory[Symbol.asyncDispose]();
    const sums = readFileSync(path.join(root, MANIFEST), 'utf8');
    expect(sums).toContain(`${sha256(CONTENT)}  planted-0/vmcore\n`);
    writeFileSync(path.join(root, 'planted-0', 'vmcore'), CONTENT.replace('a', 'e'));
    expect(await notes()).not.toContain(`planted-0/vmcore is not as ${MANIFEST} says`);
    const { result } = await readSavedRun(root, { manifest });
    expect(result.reasons).toContain(`planted-0/vmcore is not as ${MANIFEST} says`);
  });
});
