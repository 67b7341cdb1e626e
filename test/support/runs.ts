// SPDX-License-Identifier: MIT
import { type RunEvidence, summarise } from '../../harness/judge/summary.js';
import { judgeTrial } from '../../harness/judge/trial.js';
import type { Placement } from '../../harness/model/placement.js';
import type { TrialFiles, TrialResult } from '../../harness/model/trial.js';
import type { RunResult } from '../../harness/model/verdict.js';
import type { Paint } from '../../harness/report/text.js';
import { noteOf, readSavedRun, type SavedRun } from '../../harness/runs/saved-run.js';
import { assets } from '../../harness/util/assets.js';

/** The fixture run directories. */
export const RUNS = {
  release: assets('test/fixtures/run-directories/release'),
  'disk-release': assets('test/fixtures/run-directories/disk-release'),
} as const;

/** What a saved run is judged by, for a change to its trials. */
const evidenceOf = (saved: SavedRun, trials: readonly TrialResult[]): RunEvidence => {
  const { kernel, codes, known } = noteOf(saved);
  return {
    question: saved.result.question,
    kernel,
    trials,
    codes,
    problems: [],
    known,
    notes: [],
  };
};

const edited = async (
  placement: Placement,
  edit: (files: TrialFiles) => TrialFiles,
): Promise<RunResult> => {
  const saved = await readSavedRun(RUNS.release);
  const trials = saved.counted.whole.map(({ files }) =>
    judgeTrial(files.note.plan.placement === placement ? edit(files) : files),
  );
  return summarise(evidenceOf(saved, trials));
};

/** A trace without its lines of the wait; the closing record agrees with what is left. */
function withoutWait(files: TrialFiles): TrialFiles {
  const trace = files.trace.replaceAll(/^.*wait_for_completion.*\n/gm, '');
  if (trace === files.trace) throw new Error('the fixture has no wait_for_completion');
  const bytes = `"traceBytes":${Buffer.byteLength(trace)}`;
  return { ...files, trace, records: files.records.replace(/"traceBytes":\d+/, bytes) };
}

/** Real runs, and what becomes of one when evidence is taken away; made by the judge itself. */
export const results: Readonly<Record<string, () => Promise<RunResult>>> = {
  closed: async () => (await readSavedRun(RUNS.release)).result,
  open: async () => (await readSavedRun(RUNS['disk-release'])).result,
  'not reached': () => edited('builtin', withoutWait),
  lost: () =>
    edited('builtin', (files) => ({
      ...files,
      records: files.records.replace(/^.*"closing".*\n/m, ''),
      note: {
        ...files.note,
        end: { how: 'machine-ended', exitCode: null, signal: 'SIGKILL', stderr: '' },
      },
    })),
  'without its control': async () => {
    const saved = await readSavedRun(RUNS.release);
    const builtin = saved.result.trials.filter((trial) => trial.placement === 'builtin');
    const question = { ...saved.result.question, placements: ['builtin'] as const };
    return summarise({ ...evidenceOf(saved, builtin), question });
  },
};

/** No colours. */
export const plain: Paint = {
  good: (text) => text,
  bad: (text) => text,
  doubtful: (text) => text,
  strong: (text) => text,
  faint: (text) => text,
};
