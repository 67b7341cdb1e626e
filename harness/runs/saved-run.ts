// SPDX-License-Identifier: MIT
import path from 'node:path';
import { readBootRecords } from '../evidence/boot.js';
import { type RunEvidence, summarise } from '../judge/summary.js';
import { archOfMachine } from '../model/arch/index.js';
import { type Control, controlPlacement } from '../model/control.js';
import type { Damage } from '../model/damage.js';
import { DmraceError } from '../model/errors.js';
import type { KnownIssue } from '../model/known.js';
import {
  COMPARED_PLACEMENTS,
  PLACEMENTS,
  type Placement,
  placementIn,
} from '../model/placement.js';
import { firstRecord } from '../model/record.js';
import { SUBJECT } from '../model/role.js';
import type { Scenario } from '../model/scenario.js';
import type { Question, RunResult } from '../model/verdict.js';
import { SCENARIOS, scenarioNamed, scenariosNoted } from '../scenarios/index.js';
import { type Counted, countTrials, unfinishedLine } from './count.js';
import type { Ledger } from './ledger.js';
import { MANIFEST, manifestProblems } from './manifest.js';
import { RunDirectory } from './run-directory.js';
import type { RunNote } from './run-note.js';
import { shareOf } from './shard.js';
import { tieProblems } from './ties.js';
import type { ReadTrial } from './trial-folder.js';

/** The scenario that a run was of. @throws DmraceError (usage) for one that this version does not know. */
export function scenarioOfNote(note: Pick<RunNote, 'scenario' | 'sweep'>): Scenario {
  const swept = scenariosNoted(note.scenario).find(({ recipe }) => recipe === 'sweep');
  return note.sweep && swept ? swept : scenarioNamed(note.scenario);
}

/**
 * The control that a run had. Planted ones came with schema 2 of run.json: a run from before had none
 * where its scenario has one now, and keeps the verdict that it gave.
 */
const controlOf = ({ control }: Scenario, schema: RunNote['schema']): Control =>
  schema === 1 && control.kind === 'planted' ? { kind: 'none' } : control;

/** What a run was asked, by its note: a shard is asked for its share of the trials. */
export function questionOf(
  note: Pick<RunNote, 'schema' | 'scenario' | 'sweep' | 'trials' | 'shard' | 'placements' | 'cpus'>,
): Question {
  const scenario = scenarioOfNote(note);
  const control = controlOf(scenario, note.schema);
  return {
    scenario: scenario.notedAs,
    recipe: scenario.recipe,
    targetCause: scenario.targetCause,
    control: controlPlacement(control),
    ...(control.kind === 'planted'
      ? { planted: { cause: control.cause, twin: control.twin } }
      : {}),
    trials: shareOf(note.trials, note.shard ?? null),
    placements: note.placements,
    cpus: note.cpus ?? 1,
  };
}

/** What a reader should know of a run besides its verdict. */
export function notesOf(note: RunNote, byLine: number, trials: number): string[] {
  const { end, shard } = note;
  return [
    ...(shard ? [`shard ${shard.number} of ${shard.of}: its share of ${note.trials} trials`] : []),
    ...(end?.how === 'stopped' ? [`stopped early: ${end.why}`] : []),
    ...(end?.how === 'interrupted' ? [`interrupted after ${trials} trials; --resume goes on`] : []),
    ...(note.patience !== undefined && note.patience !== 1
      ? [`patience ${note.patience}: every deadline was multiplied by it`]
      : []),
    ...Object.entries(note.remade ?? {}).map(
      ([placement, why]) => `${placement}: the saved guest was made again once: ${why}`,
    ),
    ...(byLine > 0
      ? [
          `${byLine} of ${trials} trials count by their line in trials.jsonl: their files were not kept`,
        ]
      : []),
  ];
}

/** A saved run, read and judged. */
export interface SavedRun {
  readonly directory: RunDirectory;
  /** run.json, or why there is none that can be read. */
  readonly note: RunNote | DmraceError;
  /** What of its trials counts, the subject's first. */
  readonly counted: Counted;
  readonly ledger: Ledger;
  /** Everything that is not as the run left it. */
  readonly damage: readonly Damage[];
  /** What it is judged by. */
  readonly evidence: RunEvidence;
  /** The verdict; `inconclusive` where run.json cannot be read. */
  readonly result: RunResult;
}

/** How a saved run is read. */
export interface ReadOptions {
  /** Known issues instead of those that the run was given. */
  readonly known?: readonly KnownIssue[] | undefined;
  /** SHA-256 of the manifest, which was kept elsewhere: the run must be as it says. */
  readonly manifest?: string | undefined;
}

/**
 * Reads and judges a saved run from its files alone. The one reader: whoever asks what a folder says asks here.
 * @throws DmraceError (usage) when the folder is not a run's, or is of a scenario that this version
 *   does not know.
 */
export async function readSavedRun(
  folder: string,
  { known, manifest }: ReadOptions = {},
): Promise<SavedRun> {
  const directory = await RunDirectory.open(path.resolve(folder));
  const said = await directory.readNote().catch((error: unknown) => {
    if (error instanceof DmraceError) return error;
    throw error;
  });
  const ledger = await directory.readLedger();
  const read = await directory.readTrials();
  const note = said instanceof DmraceError ? said : (strange(said, read, directory) ?? said);
  const readable = note instanceof DmraceError ? null : note;
  const counted = countTrials(read, ledger, readable);
  const more = manifest === undefined ? [] : await manifestProblems(directory.root, manifest);
  const unread = note instanceof DmraceError ? [note.facts.observed] : [];
  const asked = readable ?? guessed(read);
  const evidence: RunEvidence = {
    question: questionOf(asked),
    kernel: asked.kernel,
    trials: counted.results,
    // What a forged run.json says of the booted code may take no crash away.
    codes: more.some((problem) => problem.startsWith('run.json ')) ? {} : asked.codes,
    problems: [...unread, ...counted.problems, ...counted.unfinished.map(unfinishedLine), ...more],
    known: known ?? readable?.known ?? null,
    notes: [
      ...(readable ? notesOf(readable, counted.byLine, counted.results.length) : []),
      ...read.flatMap(({ dumpProblem }) => dumpProblem ?? []),
    ],
  };
  const judged = summarise(evidence);
  return {
    directory,
    note,
    counted,
    ledger,
    damage: [
      ...unread.map((observed) => ({
        file: 'run.json',
        observed,
        expected: 'what was asked, the kernel and the booted code as JSON, sealed',
      })),
      ...counted.damaged.flatMap((trial) => trial.damage),
      ...more.map((observed) => ({
        file: MANIFEST,
        observed,
        expected: 'what the manifest says of every file of the run',
      })),
      ...ledger.problems.map((observed) => ({
        file: 'trials.jsonl',
        observed,
        expected: 'a line for each trial, each with its SHA-256',
      })),
    ],
    evidence,
    result: { ...judged, ...(readable?.repeats ? { repeats: readable.repeats } : {}) },
  };
}

/**
 * A run.json that all trials contradict is the one that is wrong: they are what was seen. Null when it
 * is one of its trials that is strange, or none.
 */
function strange(
  note: RunNote,
  read: readonly ReadTrial[],
  { root }: RunDirectory,
): DmraceError | null {
  const readable = read.flatMap(({ note: own, ...output }) =>
    own ? [{ ...output, note: own }] : [],
  );
  const [first, ...rest] = readable.map((files) => tieProblems(note, files));
  if (!first || first.length === 0 || rest.some((problems) => problems.length === 0)) return null;
  return new DmraceError(
    'inconclusive',
    {
      observed: `run.json is of another run than every trial beside it: ${first.join('; ')}`,
      artefact: root,
      action: 'the run is damaged: run it again, or look at what is left with dmrace report',
    },
    'run-damaged',
  );
}

/** The note of a saved run. @throws DmraceError (inconclusive) when run.json cannot be read. */
export function noteOf({ note }: Pick<SavedRun, 'note'>): RunNote {
  if (note instanceof DmraceError) throw note;
  return note;
}

/** Placement and index of a trial's folder. */
export function trialNamed(name: string): { placement: Placement; index: number } {
  return placementIn(name) ?? { placement: SUBJECT, index: 0 };
}

/** What can be said of a run without its run.json; nothing here may lead to `closed`. */
function guessed(
  trials: readonly ReadTrial[],
): Pick<
  RunNote,
  'schema' | 'scenario' | 'sweep' | 'trials' | 'shard' | 'placements' | 'cpus' | 'kernel' | 'codes'
> {
  const names = trials.map(({ name }) => name);
  const records = trials.flatMap((files) => readBootRecords(files.readyRecords).records);
  const boot = firstRecord(records, 'boot');
  const found = PLACEMENTS.filter((placement) =>
    names.some((name) => placementIn(name)?.placement === placement),
  );
  const plan = trials.find(({ note }) => note !== null)?.note?.plan;
  return {
    schema: 2,
    scenario: plan?.scenario ?? SCENARIOS[0]?.name ?? '',
    sweep: plan?.recipe === 'sweep',
    trials: Math.max(1, ...names.map((name) => trialNamed(name).index + 1)),
    placements: found.length > 0 ? found : [...COMPARED_PLACEMENTS],
    codes: {}, // which objectProblem() takes as a reason against `closed`
    kernel: {
      spec: 'unknown',
      release: boot?.release ?? 'unknown',
      arch: archOfMachine(boot?.machine),
      preempt: 'unknown',
      configSha256: 'unknown',
      version: 'unknown version',
    },
  };
}
