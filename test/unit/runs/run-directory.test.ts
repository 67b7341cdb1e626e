// SPDX-License-Identifier: MIT
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { judgeTrial } from '../../../harness/judge/trial.js';
import type { TrialFiles } from '../../../harness/model/trial.js';
import { RunDirectory } from '../../../harness/runs/run-directory.js';
import type { RunNote } from '../../../harness/runs/run-note.js';
import { capture } from '../judge/support.js';

const NOTE: RunNote = {
  schema: 1,
  dmrace: '0.1.0',
  startedAt: '2026-11-24T00:00:00Z',
  scenario: 'release',
  trials: 1,
  placements: ['builtin', 'in-module'],
  kernel: {
    spec: 'debian',
    release: '6.1.0-56-cloud-amd64',
    arch: 'x86_64',
    preempt: 'PREEMPT_DYNAMIC, booted with preempt=full',
    configSha256: '00',
    version: '6.1.192-2',
  },
  accel: 'tcg',
  known: null,
  codes: { builtin: { tailCall: true, instructions: ['jmp complete'], objectSymbol: 'U' } },
};

let temporary: string;
let root: string;
beforeEach(() => {
  temporary = mkdtempSync(path.join(tmpdir(), 'dmrace-run-test-'));
  root = path.join(temporary, 'deep', 'run');
});
afterEach(() => {
  rmSync(temporary, { recursive: true, force: true });
});

const numbered = (files: TrialFiles, index: number): TrialFiles => ({
  ...files,
  note: { ...files.note, plan: { ...files.note.plan, index } },
});

/** A whole run of two trials. */
async function run(): Promise<RunDirectory> {
  const directory = await RunDirectory.create(root);
  await directory.writeNote(NOTE);
  for (const placement of ['in-module', 'builtin'] as const) {
    await directory.writeTrial(capture(placement), 'qemu-system-x86_64\n');
  }
  return directory;
}

/** The trials whose files are all there and as they were. */
async function wholeOf(directory: RunDirectory): Promise<TrialFiles[]> {
  return (await directory.readTrials()).flatMap(
    ({ name: _, note, damage, sound: __, unfinished: ___, dumpProblem: ____, ...output }) =>
      note && damage.length === 0 ? [{ ...output, note }] : [],
  );
}

const placementsOf = (trials: readonly TrialFiles[]): string[] =>
  trials.map(({ note }) => note.plan.placement);

/** What is wrong, each with its trial. */
async function damageOf(directory: RunDirectory): Promise<string[]> {
  return (await directory.readTrials()).flatMap(({ name, damage }) =>
    damage.map(({ observed }) => `${name}: ${observed}`),
  );
}

const at = (...parts: string[]): string => path.join(root, ...parts);

describe('a run directory', () => {
  it('gives back what was written, byte for byte, and the same judgement', async () => {
    await run();
    const read = await RunDirectory.open(root);
    expect(await read.readNote()).toEqual(NOTE);
    const trials = await wholeOf(read);
    expect(trials.map((trial) => trial.note.plan.placement)).toEqual(['builtin', 'in-module']);
    for (const trial of trials) {
      const wanted = capture(trial.note.plan.placement);
      expect({ ...trial, console: Buffer.from(trial.console).toString('latin1') }).toEqual({
        ...wanted,
        console: Buffer.from(wanted.console).toString('latin1'),
      });
      expect(judgeTrial(trial)).toEqual(judgeTrial(wanted));
    }
  });

  it('keeps console bytes that are no text', async () => {
    const directory = await run();
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    await directory.writeTrial({ ...capture('builtin'), console: bytes }, '');
    expect(readFileSync(at('builtin-0', 'console.log'))).toEqual(Buffer.from(bytes));
    const trials = await wholeOf(directory);
    expect(trials[0]?.console).toEqual(Buffer.from(bytes));
  });

  it('keeps the command line and the results beside them', async () => {
    const directory = await run();
    await directory.writeResult(judgeTrial(capture('builtin')));
    await directory.writeVerdict({ verdict: 'closed' });
    expect(readFileSync(at('builtin-0', 'qemu.argv'), 'utf8')).toBe('qemu-system-x86_64\n');
    expect(JSON.parse(readFileSync(at('builtin-0', 'result.json'), 'utf8'))).toMatchObject({
      outcome: 'survived',
    });
    expect(JSON.parse(readFileSync(at('verdict.json'), 'utf8'))).toEqual({ verdict: 'closed' });
  });

  it('has its trials in the order of their numbers', async () => {
    const directory = await run();
    for (const index of [10, 9, 1])
      await directory.writeTrial(numbered(capture('builtin'), index), '');
    const trials = await wholeOf(directory);
    expect(trials.map(({ note }) => `${note.plan.placement}-${note.plan.index}`)).toEqual([
      'builtin-0',
      'builtin-1',
      'builtin-9',
      'builtin-10',
      'in-module-0',
    ]);
  });

  it('ignores folders that are no trials', async () => {
    const directory = await run();
    for (const name of ['builtin-x', 'builtin', 'other-0', '.git']) mkdirSync(at(name));
    expect(await damageOf(directory)).toEqual([]);
    expect(await directory.readTrials()).toHaveLength(2);
  });
});

describe('a damaged run', () => {
  it.each(['console.log', 'ready-records.jsonl', 'records.jsonl', 'trace.txt', 'trial.json'])(
    'without %s is reported, and its other trials are read',
    async (name) => {
      const directory = await run();
      rmSync(at('builtin-0', name));
      expect(placementsOf(await wholeOf(directory))).toEqual(['in-module']);
      expect(await damageOf(directory)).toEqual([
        expect.stringMatching(`^builtin-0: ${name} cannot be read`),
      ]);
    },
  );

  it.each([
    ['is cut off', (text: string) => text.slice(0, -20)],
    ['is empty', () => ''],
    ['has no plan', (text: string) => text.replace('"plan"', '"plant"')],
    ['has a nonce that is none', (text: string) => text.replace(/[0-9a-f]{32}/, 'abc')],
    ['has another schema', (text: string) => text.replace('"schema": 1', '"schema": 9')],
    ['has an end of no kind', (text: string) => text.replace('"closing"', '"victory"')],
  ])('whose trial.json %s is reported', async (_, change) => {
    const directory = await run();
    const file = at('builtin-0', 'trial.json');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, change(text));
    expect(readFileSync(file, 'utf8')).not.toBe(text);
    expect(placementsOf(await wholeOf(directory))).toEqual(['in-module']);
    expect(await damageOf(directory)).toEqual([
      expect.stringMatching(/^builtin-0: trial\.json is damaged: /),
    ]);
  });

  it.each(['console.log', 'ready-records.jsonl', 'records.jsonl', 'trace.txt'])(
    'whose %s was cut or edited later is reported, with what was expected, and what is left is there',
    async (name) => {
      const directory = await run();
      const file = at('builtin-0', name);
      const whole = readFileSync(file);
      for (const changed of [whole.subarray(0, -30), Buffer.from(whole).fill(0x20, 5, 9)]) {
        writeFileSync(file, changed);
        expect(placementsOf(await wholeOf(directory))).toEqual(['in-module']);
        const [damaged] = await directory.readTrials();
        expect(await damageOf(directory)).toEqual([
          expect.stringMatching(
            `^builtin-0: ${name} was changed after the run: it has ${changed.length} bytes`,
          ),
        ]);
        expect(damaged).toMatchObject({
          name: 'builtin-0',
          note: { plan: { placement: 'builtin' } },
          damage: [{ file: `builtin-0/${name}`, expected: expect.any(String) as string }],
        });
        expect(damaged?.console.length).toBe(
          name === 'console.log' ? changed.length : capture('builtin').console.length,
        );
      }
    },
  );

  it('of a time when files were not sealed is read as it is', async () => {
    const directory = await run();
    const file = at('builtin-0', 'trial.json');
    const note = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    expect(Object.keys(note.seals as object)).toHaveLength(4);
    delete note.seals;
    writeFileSync(file, JSON.stringify(note));
    expect(await damageOf(directory)).toEqual([]);
    expect(await wholeOf(directory)).toHaveLength(2);
  });

  it('without run.json but with trials is a damaged run, no wrong usage', async () => {
    await run();
    rmSync(at('run.json'));
    const directory = await RunDirectory.open(root);
    await expect(directory.readNote()).rejects.toMatchObject({
      code: 'inconclusive',
      facts: { observed: expect.stringMatching(/^run\.json cannot be read/) as string },
    });
    expect(await wholeOf(directory)).toHaveLength(2);
  });

  it('with a trial copied under another number is reported: it may not count twice', async () => {
    const directory = await run();
    cpSync(at('builtin-0'), at('builtin-1'), { recursive: true });
    cpSync(at('builtin-0'), at('builtin-00'), { recursive: true });
    expect(await wholeOf(directory)).toHaveLength(2);
    expect((await damageOf(directory)).sort()).toEqual([
      'builtin-00: trial.json belongs to another trial',
      'builtin-1: trial.json belongs to another trial',
    ]);
  });

  it.each([
    ['cut off', '{"schema":1,'],
    ['of another kind', '[]'],
    ['without trials', JSON.stringify({ ...NOTE, trials: 0 })],
    ['of an unknown arch', JSON.stringify({ ...NOTE, kernel: { ...NOTE.kernel, arch: 'vax' } })],
  ])('whose run.json is %s is inconclusive', async (_, text) => {
    await run();
    writeFileSync(at('run.json'), text);
    const directory = await RunDirectory.open(root);
    await expect(directory.readNote()).rejects.toMatchObject({
      code: 'inconclusive',
      facts: { observed: expect.stringMatching(/^run\.json is damaged: /) as string },
    });
  });
});

describe('not a run', () => {
  it.each(['missing', 'empty', 'file'])('(%s) is wrong usage', async (what) => {
    const place = path.join(temporary, what);
    if (what === 'empty') mkdirSync(place);
    if (what === 'file') writeFileSync(place, '');
    await expect(RunDirectory.open(place)).rejects.toMatchObject({ code: 'usage' });
  });

  it('is a folder that holds something: a run never overwrites another', async () => {
    await (await run())[Symbol.asyncDispose]();
    await expect(RunDirectory.create(root)).rejects.toMatchObject({
      code: 'usage',
      facts: { artefact: root },
    });
    expect(await (await RunDirectory.open(root)).readNote()).toEqual(NOTE);
  });

  it('is a folder that another process writes into, until it gives it up', async () => {
    const mine = await run();
    const opened = await RunDirectory.open(root);
    for (const other of [() => RunDirectory.create(root), () => opened.own()]) {
      await expect(other()).rejects.toMatchObject({
        code: 'usage',
        facts: { observed: `another dmrace writes into ${root}` },
      });
    }
    await mine[Symbol.asyncDispose]();
    expect(readdirSync(root)).not.toContain('run.lock');
    const theirs = await RunDirectory.open(root);
    await theirs.own();
    await theirs[Symbol.asyncDispose]();
  });

  it('is a place that cannot be written: an error of the environment', async () => {
    writeFileSync(path.join(temporary, 'file'), '');
    await expect(RunDirectory.create(path.join(temporary, 'file', 'run'))).rejects.toMatchObject({
      code: 'environment',
    });
  });
});
