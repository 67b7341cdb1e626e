// SPDX-License-Identifier: GPL-2.0-only
import Table from 'cli-table3';
import type { Finding } from '../model/finding.js';
import { STEP_NUMBERS, STEPS, type StepNumber } from '../model/steps.js';
import type { TrialResult } from '../model/trial.js';
import type { RunResult, Verdict } from '../model/verdict.js';
import { findScenario } from '../scenario/index.js';

/** How words are coloured; the identity when colours are off. */
export interface Paint {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly doubtful: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
}

const SENTENCE: Readonly<Record<Verdict, (result: RunResult) => string>> = {
  closed: (r) =>
    r.question.control === null
      ? `no crash with ${r.question.targetCause} was seen`
      : 'the builtin dm_kobject_release() closes the race',
  open: (r) => `the subject crashed with ${r.question.targetCause}`,
  inconclusive: () => 'nothing is proven',
};

const NO_FRAME = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

const plainTable = (head: string[]): Table.Table =>
  new Table({
    head,
    chars: NO_FRAME,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });

/** The end screen of a run: verdict, placements, steps, findings, reasons. */
export function renderText(result: RunResult, directory: string, paint: Paint): string {
  const colour = { closed: paint.good, open: paint.bad, inconclusive: paint.doubtful }[
    result.verdict
  ];
  return [
    `${colour(paint.strong(result.verdict))}: ${SENTENCE[result.verdict](result)} on ${result.kernel.release} (${result.kernel.version}, ${result.kernel.arch})`,
    '',
    ...result.reasons.map((reason) => `  ${reason}`),
    '',
    placementTable(result),
    '',
    ...stepSection(result, paint),
    ...findingSection(result, paint),
    `artefacts: ${directory}`,
    `judge again: dmrace judge ${directory}`,
    '',
  ].join('\n');
}

function placementTable(result: RunResult): string {
  const table = plainTable([
    'placement',
    'trials',
    'reached',
    'crashed',
    'lost',
    'complete() in the booted release method',
  ]);
  for (const [placement, sum] of Object.entries(result.placements)) {
    const how =
      sum.tailCall === null
        ? 'unknown'
        : sum.tailCall
          ? 'tail call (jump): nothing returns into it'
          : 'call: it returns into the method';
    table.push([placement, sum.trials, sum.reached, sum.crashed, sum.lost, how]);
  }
  return table.toString();
}

/** One trial of each placement: a reached one if there is any. */
function stepSection(result: RunResult, paint: Paint): string[] {
  const shown = Object.keys(result.placements)
    .map((placement) => {
      const trials = result.trials.filter((trial) => trial.placement === placement);
      return trials.find((trial) => trial.reached) ?? trials[0];
    })
    .filter((trial): trial is TrialResult => trial !== undefined);
  if (shown.length === 0) return [];
  const table = plainTable([
    'step',
    'who',
    'what',
    ...shown.map((trial) => `${trial.placement} #${trial.index}`),
  ]);
  const scenario = findScenario(result.question.scenario);
  const races = scenario?.kind !== 'delayed';
  const told = races
    ? STEP_NUMBERS.map((step) => ({ step, ...STEPS[step] }))
    : scenario.steps.map(({ step, party, does }) => ({ step, party, says: does }));
  const first = told[0]?.step ?? 1;
  for (const { step, party, says } of told) {
    table.push([step, party, says, ...shown.map((trial) => stepTime(trial, step, first))]);
  }
  table.push(['', '', `then the ${races ? 'holder' : 'worker'}`, ...shown.map(ending)]);
  const times = `times: ms after step ${first}, on the guest’s trace clock`;
  return [table.toString(), paint.faint(times), ''];
}

function stepTime(trial: TrialResult, step: StepNumber, from: StepNumber): string {
  const first = trial.steps.find((s) => s.step === from);
  const found = trial.steps.find((s) => s.step === step);
  if (!first || !found) return 'not observed';
  return ((found.atUs - first.atUs) / 1000).toFixed(3).padStart(9);
}

function ending(trial: TrialResult): string {
  if (trial.outcome === 'crashed')
    return trial.findings.map((f) => f.resolved ?? f.pc ?? f.title)[0] ?? 'crashed';
  return trial.outcome === 'survived' ? 'returned' : trial.outcome;
}

/** Each different crash once, with how often it was seen. */
function findingSection(result: RunResult, paint: Paint): string[] {
  const groups = new Map<string, { finding: Finding; trials: string[] }>();
  for (const trial of result.trials) {
    for (const finding of trial.findings) {
      const key = `${trial.placement}\n${finding.cause}\n${finding.title}`;
      const group = groups.get(key) ?? { finding, trials: [] };
      group.trials.push(`${trial.placement} #${trial.index}`);
      groups.set(key, group);
    }
  }
  return [...groups.values()].flatMap(({ finding, trials }) => [
    paint.strong(`${finding.title} (${finding.cause})`),
    `  ${finding.head}`,
    ...(finding.resolved === undefined
      ? []
      : [`  at ${finding.address ?? '?'} = ${finding.resolved}`]),
    ...(finding.resolvedFault === undefined
      ? []
      : [`  reading ${finding.faultAddress ?? '?'} = ${finding.resolvedFault}`]),
    `  in ${trials.length} trial${trials.length === 1 ? '' : 's'}, first ${trials[0]}, console line ${finding.line}`,
    '',
  ]);
}
