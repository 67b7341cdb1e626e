// SPDX-License-Identifier: MIT
// What a planted control and its twin do to a verdict, by a real run and by what is made of it.
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { neededTrials } from '../../../harness/campaign/needed.js';
import { judgeTrial } from '../../../harness/judge/trial.js';
import { judgeRun, WEAKER } from '../../../harness/judge/verdict.js';
import type { Placement } from '../../../harness/model/placement.js';
import { stopRule } from '../../../harness/model/stop-rule.js';
import type { TrialFiles, TrialResult } from '../../../harness/model/trial.js';
import type { Question } from '../../../harness/model/verdict.js';
import { renderJson } from '../../../harness/report/json.js';
import { RunResultJson } from '../../../harness/report/run-result.js';
import { verdictSentence } from '../../../harness/report/sentence.js';
import { stateOf } from '../../../harness/report/trial-state.js';
import { readSavedRun, type SavedRun } from '../../../harness/runs/saved-run.js';
import { diskRelease } from '../../../harness/scenarios/disk-release.js';
import { assets } from '../../../harness/util/assets.js';

const RUN = assets('test/fixtures/run-directories/planted');

let saved: SavedRun;
let question: Question;
const of = (placement: Placement): { files: TrialFiles; result: TrialResult } => {
  const found = saved.counted.whole.find(({ result }) => result.placement === placement);
  if (!found) throw new Error(`the fixture has no ${placement}`);
  return found;
};
/** The subject as a kernel without the second bug would have left it. */
const survivor = (): TrialResult => ({
  ...of('builtin').result,
  outcome: 'survived',
  findings: [],
});
/** The evidence of one placement, as if another one had left it. */
const inPlaceOf = (placement: Placement, from: Placement): TrialResult => {
  const { files } = of(from);
  const { note } = files;
  return judgeTrial({ ...files, note: { ...note, plan: { ...note.plan, placement } } });
};

beforeAll(async () => {
  saved = await readSavedRun(RUN);
  question = saved.result.question;
});

describe('a real run with a planted control', () => {
  it('is open by its subject; the control crashed with its own cause, the twin survived', () => {
    const { verdict, exitCode, placements } = saved.result;
    expect({ verdict, exitCode }).toEqual({ verdict: 'open', exitCode: 1 });
    expect(saved.damage).toEqual([]);
    expect(placements.planted).toMatchObject({ reached: 1, crashed: 1, tailCall: false });
    expect(placements['planted-twin']).toMatchObject({ reached: 1, crashed: 0, tailCall: false });
    const [crash] = of('planted').result.findings;
    expect(crash).toMatchObject({
      cause: 'planted-release',
      function: 'dmrace_planted_release',
      module: 'dmrace_planted',
    });
    expect(crash?.resolved).toMatch(
      /^dmrace_planted_release\+0x[0-9a-f]+ \[unloaded dmrace_planted\]$/,
    );
  });

  it('tells all ten steps of both, and where each method was', () => {
    for (const placement of ['planted', 'planted-twin'] as const) {
      expect(of(placement).result.steps.map(({ step }) => step)).toEqual([
        1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
      ]);
    }
    expect(of('planted').result.provenance).toMatchObject({ module: 'dmrace_planted' });
    expect(of('planted-twin').result.provenance).toMatchObject({ module: 'dmrace_pinned' });
  });

  it('loaded no module of ours but the helper into the subject’s guest', () => {
    const loaded = (placement: Placement): string[] =>
      [...of(placement).files.readyRecords.matchAll(/"kind":"module".*?"name":"(\w+)"/g)].map(
        (match) => match[1] ?? '',
      );
    expect(loaded('builtin').filter((name) => /^dmrace/.test(name))).toEqual(['dmrace_helper']);
    expect(loaded('planted').filter((name) => /^dmrace_p/.test(name))).toEqual(['dmrace_planted']);
  });

  it('passes as a test by its control’s crash and its twin’s calm', () => {
    expect(stateOf(of('planted').result, question)).toBe('pass');
    expect(stateOf(of('planted-twin').result, question)).toBe('pass');
    expect(stateOf(of('builtin').result, question)).toBe('fail');
  });

  it('fits the JSON schema', () => {
    expect(() =>
      RunResultJson.parse(JSON.parse(JSON.stringify(renderJson(saved.result, {})))),
    ).not.toThrow();
  });
});

describe('the verdict', () => {
  const judged = (...trials: readonly TrialResult[]) => judgeRun(question, trials);

  it('is closed where the subject survives, and says that a planted control is weaker', () => {
    const all = [survivor(), of('planted').result, of('planted-twin').result];
    const { verdict, reasons } = judged(...all);
    expect(verdict).toBe('closed');
    expect(reasons).toContain('planted: 1 of 1 trial crashed with planted-release');
    expect(reasons).toContain(WEAKER);
    const sentence = verdictSentence({ ...saved.result, verdict, reasons, trials: all });
    expect(sentence).toMatch(/weaker than a rebuilt control/);
  });

  it.each<[string, () => TrialResult[], RegExp]>([
    [
      'without the control',
      () => [survivor(), of('planted-twin').result],
      /\(planted\) was not tried/,
    ],
    [
      'without the twin',
      () => [survivor(), of('planted').result],
      /\(planted-twin\).* was not tried/,
    ],
    [
      'with the twin in the control’s place',
      () => [survivor(), inPlaceOf('planted', 'planted-twin'), of('planted-twin').result],
      /what was booted is not what it is filed as\n.*\(planted\) was not tried/,
    ],
    [
      'with a control that crashed outside the window',
      () => [survivor(), { ...of('planted').result, reached: false }, of('planted-twin').result],
      /\(planted\) did not crash with planted-release inside the window/,
    ],
    [
      'with the control in the twin’s place: the set-up is at fault',
      () => [survivor(), of('planted').result, inPlaceOf('planted-twin', 'planted')],
      /the set-up is at fault, so nothing is concluded/,
    ],
    [
      'with a crashed twin, whatever the subject did',
      () => [of('builtin').result, of('planted').result, inPlaceOf('planted-twin', 'planted')],
      /the set-up is at fault, so nothing is concluded/,
    ],
  ])('is inconclusive %s', (_, trials, reason) => {
    const { verdict, exitCode, reasons } = judged(...trials());
    expect({ verdict, exitCode }).toEqual({ verdict: 'inconclusive', exitCode: 125 });
    expect(reasons.join('\n')).toMatch(reason);
  });

  it('stays open without any control', () => {
    expect(judged(of('builtin').result)).toMatchObject({ verdict: 'open', exitCode: 1 });
  });
});

describe('a run from before there were planted controls', () => {
  let folder: string;
  beforeEach(async () => {
    folder = path.join(await mkdtemp(path.join(tmpdir(), 'dmrace-planted-')), 'run');
    await cp(assets('test/fixtures/run-directories/disk-release'), folder, { recursive: true });
  });
  afterEach(() => rm(path.dirname(folder), { recursive: true }));

  it('of schema 1 asks for no control', async () => {
    const { result } = await readSavedRun(folder);
    expect(result.question).toMatchObject({ control: null });
    expect(result.question.planted).toBeUndefined();
    const { verdict, reasons } = judgeRun(result.question, [survivor()]);
    expect(verdict).toBe('closed');
    expect(reasons.join('\n')).toMatch(/has no control/);
  });

  it('of schema 2 asks for one', async () => {
    const file = path.join(folder, 'run.json');
    const note = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    await writeFile(file, JSON.stringify({ ...note, schema: 2 }));
    const { result } = await readSavedRun(folder);
    expect(result.question).toMatchObject({
      control: 'planted',
      planted: { twin: 'planted-twin' },
    });
  });
});

describe('which planted trials a campaign still needs', () => {
  const plan = (placement: Placement, index: number) => ({
    ...of(placement).files.note.plan,
    index,
  });

  it('is one of each that shows what it must, and all of the subject’s', () => {
    const { needed, shown } = neededTrials(question, diskRelease, {
      shard: null,
      attribution: false,
      answered: null,
    });
    const { result: crashed } = of('planted');
    const { result: calm } = of('planted-twin');
    expect(needed(plan('planted', 0), [])).toBe(true);
    expect(needed(plan('planted', 1), [crashed])).toBe(false);
    expect(needed(plan('planted', 1), [inPlaceOf('planted', 'planted-twin')])).toBe(true);
    expect(needed(plan('planted', 3), [])).toBe(false);
    expect(needed(plan('planted-twin', 1), [crashed])).toBe(true);
    expect(needed(plan('builtin', 99), [crashed, calm])).toBe(true);
    expect(shown([crashed])).toBe(false);
    expect(shown([crashed, calm])).toBe(true);
  });

  it('is none of a subject that has its answer, where only the control is waited for', () => {
    const { needed } = neededTrials(question, diskRelease, {
      shard: null,
      attribution: false,
      answered: stopRule(['crash'], question.targetCause),
    });
    const { result: crashed } = of('builtin');
    expect(needed(plan('builtin', 1), [survivor()])).toBe(true);
    expect(needed(plan('builtin', 1), [crashed])).toBe(false);
    expect(needed(plan('planted', 0), [crashed])).toBe(true);
  });
});

describe('a planted control in a delayed release', () => {
  it('is reached by its crash report, its twin by the probe on the method that stays', async () => {
    const { result, damage } = await readSavedRun(
      assets('test/fixtures/run-directories/delayed-planted'),
    );
    expect(damage).toEqual([]);
    expect(result.verdict).toBe('open');
    const trial = (placement: Placement) => {
      const found = result.trials.find((one) => one.placement === placement);
      if (!found) throw new Error(`the fixture has no ${placement}`);
      return found;
    };
    const planted = trial('planted');
    expect(planted).toMatchObject({ outcome: 'crashed', reached: true });
    expect(planted.findings.map(({ cause }) => cause)).toEqual(['planted-release']);
    expect(planted.steps.map(({ step }) => step)).toEqual([2, 8, 9, 10]);
    expect(planted.steps.at(-1)?.evidence).toMatch(/BUG: unable to handle page fault/);
    const twin = trial('planted-twin');
    expect(twin).toMatchObject({ outcome: 'survived', reached: true });
    expect(twin.steps.at(-1)?.evidence).toMatch(/planted_release: .*dmrace_pinned/);
  });

  it('leaves the subject’s kernel untainted', async () => {
    const { counted } = await readSavedRun(assets('test/fixtures/run-directories/delayed-planted'));
    const taints = counted.whole.map(({ files, result }) => [
      result.placement,
      /"kind":"taint".*?"value":(\d+)/.exec(files.records)?.[1],
    ]);
    const subject = taints.filter(([placement]) => placement === 'builtin');
    expect(subject.length).toBeGreaterThan(1);
    for (const [, taint] of subject) expect(taint).toBe('0');
  });
});
