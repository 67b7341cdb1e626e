// SPDX-License-Identifier: MIT
import path from 'node:path';
import { type ReplayInput, sideOf } from '../judge/replay.js';
import { judgeTrial } from '../judge/trial.js';
import { DmraceError } from '../model/errors.js';
import { comparePlacements } from '../model/placement.js';
import type { Side } from '../model/replay.js';
import { type TrialFiles, type TrialPlan, trialName } from '../model/trial.js';
import { TrialJson } from '../report/run-result.js';
import { parseJson } from '../util/json.js';
import type { RunDirectory } from './run-directory.js';
import type { RunNote } from './run-note.js';
import { noteOf, readSavedRun } from './saved-run.js';
import type { ReadTrial } from './trial-folder.js';

/** A trial of a saved run, from every file that tells of it. */
export interface RecordedTrial extends Omit<ReplayInput, 'now'> {
  readonly plan: TrialPlan;
  /** Its files; null when only its line in trials.jsonl was kept. */
  readonly files: TrialFiles | null;
}

/** A saved run whose trials can be run again. */
export interface RecordedRun {
  readonly root: string;
  readonly note: RunNote;
  readonly trials: readonly RecordedTrial[];
}

/** Reads what is recorded of every trial. @throws DmraceError as readSavedRun() and noteOf() do. */
export async function readRecorded(folder: string): Promise<RecordedRun> {
  const saved = await readSavedRun(folder);
  const { directory, ledger } = saved;
  const { whole, damaged } = saved.counted;
  const note = noteOf(saved);
  const found = new Map<string, RecordedTrial>();
  for (const { plan, result } of ledger.entries) {
    const trial = trialName(plan);
    const records = [{ from: 'trials.jsonl', side: sideOf(result) }];
    found.set(trial, { trial, plan, files: null, records, damage: [] });
  }
  const judged = [
    ...whole,
    ...damaged.flatMap(readable).map((files) => ({
      name: trialName(files.note.plan),
      files,
      result: judgeTrial(files),
    })),
  ];
  for (const { name: trial, files, result } of judged) {
    const { plan } = files.note;
    const before = found.get(trial);
    const shown = await resultOf(directory, trial);
    const damage = damaged
      .filter(({ name }) => name === trial)
      .flatMap((one) => one.damage.map(({ observed }) => observed));
    found.set(trial, {
      trial,
      plan,
      files,
      records: [
        ...(before?.records ?? []),
        { from: 'its files', side: sideOf(result) },
        ...(shown.side ? [{ from: 'result.json', side: shown.side }] : []),
      ],
      damage: [...ledger.problems, ...damage, ...shown.damage],
    });
  }
  // The lines of a run are in the order in which its trials ended, which is the load's business.
  const planned = [...found.values()].sort(
    ({ plan: a }, { plan: b }) => a.index - b.index || comparePlacements(a.placement, b.placement),
  );
  return { root: directory.root, note, trials: planned };
}

/** A damaged trial whose plan can still be read. */
function readable({ note, console, boot, readyRecords, records, trace }: ReadTrial): TrialFiles[] {
  const files = { console, readyRecords, records, trace, ...(boot ? { boot } : {}) };
  return note ? [{ note, ...files }] : [];
}

async function resultOf(
  directory: RunDirectory,
  trial: string,
): Promise<{ side: Side | null; damage: string[] }> {
  const text = await directory.readText(path.join(trial, 'result.json'));
  if (text === null) return { side: null, damage: [] }; // an interrupt came before it was judged
  const parsed = parseJson(text, TrialJson);
  if (!parsed.ok) return { side: null, damage: [`result.json is damaged: ${parsed.problem}`] };
  const { outcome, reached, findings, hashes } = parsed.value;
  return {
    side: {
      outcome,
      reached,
      findings: findings.map((finding) => ({ cause: finding.cause, function: finding.function })),
      hashes: hashes ?? null,
    },
    damage: [],
  };
}

/**
 * The trials that are asked for: all without a name; `N` in each placement; `PLACEMENT-N` alone.
 * @throws DmraceError (usage) when the run has no such trial.
 */
export function chosen(run: RecordedRun, name: string | undefined): readonly RecordedTrial[] {
  const mine =
    name === undefined
      ? run.trials
      : run.trials.filter(
          ({ trial, plan }) =>
            trial === name || (/^\d+$/.test(name) && plan.index === Number(name)),
        );
  if (mine.length > 0) return mine;
  const names = run.trials.map(({ trial }) => trial);
  const some = names.length > 6 ? [...names.slice(0, 6), '…'] : names;
  throw new DmraceError('usage', {
    observed:
      names.length === 0
        ? `${run.root} has no trial that can be run again`
        : `--trial ${name}: the run has no such trial`,
    artefact: run.root,
    action: names.length === 0 ? 'run it anew' : `name one of ${some.join(', ')}, or a number`,
  });
}
