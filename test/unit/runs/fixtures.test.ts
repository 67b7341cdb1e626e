// SPDX-License-Identifier: MIT
// Every fixture is judged as the build before the redesign judged it, field by field; see
// test/fixtures/README.md for how judged.json was made.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { judgeTrial } from '../../../harness/judge/trial.js';
import type { Placement } from '../../../harness/model/placement.js';
import type { TrialFiles } from '../../../harness/model/trial.js';
import { renderJson } from '../../../harness/report/json.js';
import { resultToJson } from '../../../harness/runs/result-json.js';
import { readSavedRun } from '../../../harness/runs/saved-run.js';
import { assets } from '../../../harness/util/assets.js';
import { capture, keptNote } from '../judge/support.js';

interface Judged {
  readonly runs: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly directories: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}
const JUDGED: Judged = JSON.parse(readFileSync(assets('test/fixtures/judged.json'), 'utf8'));

const folders = (name: string): string[] =>
  readdirSync(assets('test/fixtures', name), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();

/** A fixture's files; two have a console only. */
function filesOf(name: string): TrialFiles {
  const at = (file: string): string => assets('test/fixtures/runs', name, file);
  const read = (file: string): Buffer =>
    existsSync(at(file)) ? readFileSync(at(file)) : Buffer.alloc(0);
  const bare = !existsSync(at('trial.json'));
  return {
    note: bare ? capture(name as Placement).note : keptNote(name),
    console: read('console.log'),
    readyRecords: read('ready-records.jsonl').toString(),
    records: read('records.jsonl').toString(),
    trace: read('trace.txt').toString(),
  };
}

/** As a file has it: what is undefined is absent. */
const written = (value: object): Record<string, unknown> => JSON.parse(JSON.stringify(value));

describe('the trials of the fixtures', () => {
  it('are all there', () => {
    expect(folders('runs')).toEqual(Object.keys(JUDGED.runs).sort());
  });

  it.each(folders('runs'))('%s is judged as before, in every field', (name) => {
    const result = written(resultToJson(judgeTrial(filesOf(name))));
    const before = JUDGED.runs[name] ?? {};
    expect(Object.keys(result).sort()).toEqual(Object.keys(before).sort());
    for (const [field, value] of Object.entries(before))
      expect(result[field], field).toEqual(value);
  });
});

/** Those that the old build judged; newer ones have tests of their own. */
const OLD = Object.keys(JUDGED.directories).sort();
/** What the JSON of a run says besides. */
const ADDED = ['cpus'];

describe('the run directories of the fixtures', () => {
  it('are all there', () => {
    expect(folders('run-directories')).toEqual(expect.arrayContaining(OLD));
  });

  it.each(OLD)('%s is judged as before, in every field', async (name) => {
    const { result } = await readSavedRun(assets('test/fixtures/run-directories', name));
    const { timing: _, ...json } = written(renderJson(result, {}));
    const { exitCode, ...before } = JUDGED.directories[name] ?? {};
    expect(result.exitCode).toBe(exitCode);
    const added = Object.keys(json).filter((field) => !(field in before));
    expect(added).toEqual(ADDED);
    for (const [field, value] of Object.entries(before)) expect(json[field], field).toEqual(value);
  });
});
