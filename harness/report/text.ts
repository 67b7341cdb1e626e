// SPDX-License-Identifier: MIT
import Table from 'cli-table3';
import { wrapAnsi } from 'fast-wrap-ansi';
import { knownReasons } from '../judge/known.js';
import type { Finding } from '../model/finding.js';
import { orderedPlacements } from '../model/placement.js';
import type { RecipeName } from '../model/recipe.js';
import { roleOf } from '../model/role.js';
import type { TrialResult } from '../model/trial.js';
import type { PlacementSummary, Question, RunResult } from '../model/verdict.js';
import { RECIPES } from '../recipes/index.js';
import type { DetailTable } from '../recipes/recipe.js';
import { scenarioOf } from '../scenarios/index.js';
import { dumpLines } from './dumps.js';
import { nextSteps } from './next.js';
import { verdictSentence } from './sentence.js';

/** How words are coloured; the identity when colours are off. */
export interface Paint {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly doubtful: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
}

/** The screen that the text is made for, in columns; only paths and commands may be longer. */
const COLUMNS = 100;
/** What of a long list is shown, so that all fits one screen. */
const MAX_REASONS = 4;
const MAX_FINDINGS = 2;
const MAX_HASHES = 4;
const MAX_DETAILS = 5;

const NO_FRAME = Object.fromEntries(
  ['top', 'bottom', 'left', 'right'].flatMap((side) =>
    [side, `${side}-mid`, `${side}-left`, `${side}-right`, 'mid', 'mid-mid'].map((name) => [
      name,
      '',
    ]),
  ),
);

/** Columns without a frame, two blanks apart. */
export function plainTable(
  head: string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const table = new Table({
    head,
    chars: { ...NO_FRAME, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  });
  for (const row of rows) table.push([...row]);
  return table.toString().replaceAll(/ +$/gm, '');
}

/** Words of ASCII on one line, with nothing around them: where it fits, there is nothing to wrap. */
const PLAIN_LINE = /^[!-~](?:[ -~]*[!-~])?$/;

/** Text on lines of the screen's width, each behind `indent`. */
export const wrapped = (text: string, indent: string): string =>
  (indent.length + text.length <= COLUMNS && PLAIN_LINE.test(text)
    ? text
    : wrapAnsi(text, COLUMNS - indent.length, { trim: true })
  )
    .split('\n')
    .map((line) => `${indent}${line}`)
    .join('\n');

export const plural = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;

/** What the end screen tells besides the result. */
export interface Screen {
  readonly directory: string;
  /** SHA-256 of the run's manifest; null for a run that is only read. */
  readonly manifest: string | null;
  readonly paint: Paint;
  /** See DumpView; absent: none is at hand. */
  readonly vmlinux?: string | null;
  /** The flags that had the run made in a container; none elsewhere. */
  readonly docker?: readonly string[];
}

/** The end screen of a run: verdict, placements, steps, finding, artefacts, what to run next. */
export function renderText(
  result: RunResult,
  { directory, manifest, paint, docker = [], vmlinux = null }: Screen,
): string {
  const { verdict, kernel } = result;
  const colour = { closed: paint.good, open: paint.bad, inconclusive: paint.doubtful }[verdict];
  const sentence = verdictSentence(result);
  const said = `${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`;
  return [
    wrapped(`${colour(paint.strong(verdict))}: ${said}`, ''),
    wrapped(
      `${kernel.release} (${kernel.version}, ${kernel.arch}, ${kernel.preempt}${processors(result.question)})`,
      '  ',
    ),
    ...reasonLines(result),
    '',
    placementTable(result),
    '',
    ...detailSection(result),
    ...stepSection(result, paint),
    ...findingSection(result, paint),
    ...hashSection(result),
    `artefacts  ${directory}`,
    ...(manifest === null ? [] : [`manifest   ${manifest}`]),
    ...dumpLines({ trials: result.trials, kernel, directory, vmlinux }),
    ...nextSteps(result, directory, docker).map(
      ({ command, why }, index) =>
        `${index === 0 ? 'next' : '    '}       ${command}  ${paint.faint(`# ${why}`)}`,
    ),
    '',
  ].join('\n');
}

/** What a known-issues file excused, and which of its entries are stale, is never left out. */
function reasonLines({ reasons, known }: RunResult): string[] {
  const ofFile = known === null ? [] : knownReasons({ ...known, notLookedFor: [] });
  const others = reasons.filter((reason) => !ofFile.includes(reason));
  const more = others.length - MAX_REASONS;
  return [
    ...[...others.slice(0, MAX_REASONS), ...ofFile].map((reason) => wrapped(`- ${reason}`, '  ')),
    ...(more > 0 ? [`  - and ${plural(more, 'reason')} more (--format json has all)`] : []),
  ];
}

/** Said where a guest had more than one. */
const processors = ({ cpus = 1 }: Question): string => (cpus > 1 ? `, ${cpus} processors` : '');

/** What the release method does with complete(); more than two columns have room for a word only. */
function callWords(tailCall: boolean | null, short: boolean): string {
  if (tailCall === null) return 'unknown';
  if (short) return tailCall ? 'tail call' : 'call';
  return tailCall ? 'tail call: nothing returns into it' : 'call: it returns into the method';
}

/** The placements side by side. */
function placementTable({ placements, question }: RunResult): string {
  const columns = Object.entries(placements);
  const row = (name: string, value: (sum: PlacementSummary) => string | number) => [
    name,
    ...columns.map(([, sum]) => value(sum)),
  ];
  return plainTable(
    ['', ...columns.map(([name]) => (name === question.control ? `${name} (the control)` : name))],
    [
      row('trials', (sum) => sum.trials),
      row('reached the window', (sum) => sum.reached),
      row('crashed', (sum) => sum.crashed),
      row('lost', (sum) => sum.lost),
      row('its complete() is a', ({ tailCall }) => callWords(tailCall, columns.length > 2)),
    ],
  );
}

/** A row for each trial, of a recipe that has a table of its own. */
function detailSection({ trials, question }: RunResult): string[] {
  // The results of a run are all of its recipe, which the compiler cannot know.
  const table = RECIPES[question.recipe].table as DetailTable<RecipeName> | null;
  if (table === null) return [];
  const rows = trials.flatMap((trial) => {
    const row = table.row(trial);
    return row === null ? [] : [row];
  });
  if (rows.length === 0) return [];
  const more = rows.length - MAX_DETAILS;
  return [
    plainTable([...table.head], rows.slice(0, MAX_DETAILS)),
    ...(more > 0 ? [`and ${plural(more, table.noun)} more (--format json has all)`] : []),
    '',
  ];
}

/** One trial of each placement: a reached one if there is any. */
function stepSection(result: RunResult, paint: Paint): string[] {
  // Three columns of steps are one too many: those of subject and control are shown.
  const shown = orderedPlacements(result.question.placements)
    .filter((placement) => ['subject', 'control'].includes(roleOf(placement)))
    .map((placement) => {
      const trials = result.trials.filter((trial) => trial.placement === placement);
      return trials.find((trial) => trial.reached) ?? trials[0];
    })
    .filter((trial): trial is TrialResult => trial !== undefined);
  const { proofs } = scenarioOf(result.question).telling;
  if (shown.length === 0 || proofs.length === 0) return [];
  const table = plainTable(
    ['step', 'who', 'what', ...shown.map((trial) => `${trial.placement} ${trial.index}`)],
    [
      ...proofs.map(({ step, party, says }) => [
        step,
        party,
        says,
        ...shown.map((trial) => stepTime(trial, step)),
      ]),
      ['', '', 'then', ...shown.map(ending)],
    ],
  );
  return [table, paint.faint(`times: ms after the first step, ${clockOf(shown)}`), ''];
}

/**
 * The clock of the times, with its step when that is coarse: a guest whose TSC could not be calibrated,
 * because its host was loaded while it booted, has nothing finer than jiffies (6.12,
 * arch/x86/kernel/tsc.c, tsc_init()). The order of the steps is the trace's and not the clock's.
 */
function clockOf(shown: readonly TrialResult[]): string {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  const stepUs = shown.flatMap(({ steps }) => steps.map(({ atUs }) => atUs)).reduce(divisor, 0);
  const coarse = stepUs >= 1000 ? `, which has steps of ${stepUs / 1000} ms here` : '';
  return `on the guest’s trace clock${coarse}`;
}

function stepTime(trial: TrialResult, step: number): string {
  const [first] = trial.steps;
  const found = trial.steps.find((s) => s.step === step);
  if (!first || !found) return 'not seen';
  return ((found.atUs - first.atUs) / 1000).toFixed(3).padStart(9);
}

const ending = (trial: TrialResult): string =>
  trial.outcome === 'survived' ? 'returned' : trial.outcome;

/** Each different crash once, the subject's first, with how often it was seen. */
function findingSection({ trials }: RunResult, paint: Paint): string[] {
  const groups = new Map<string, { finding: Finding; trials: string[] }>();
  const subjectFirst = trials.toSorted((a, b) => a.placement.localeCompare(b.placement));
  for (const trial of subjectFirst) {
    for (const finding of trial.findings) {
      const key = `${trial.placement}\n${finding.cause}\n${finding.title}`;
      const group = groups.get(key) ?? { finding, trials: [] };
      group.trials.push(`${trial.placement} ${trial.index}`);
      groups.set(key, group);
    }
  }
  const more = groups.size - MAX_FINDINGS;
  return [
    ...[...groups.values()].slice(0, MAX_FINDINGS).flatMap((group) => findingLines(group, paint)),
    ...(more > 0 ? [`and ${more} more (--format json has all)`, ''] : []),
  ];
}

function findingLines(
  { finding, trials }: { readonly finding: Finding; readonly trials: readonly string[] },
  paint: Paint,
): string[] {
  const at = finding.resolved ?? finding.pc;
  return [
    paint.strong(wrapped(`${finding.title} (${finding.cause})`, '')),
    ...(at === undefined
      ? []
      : [`  at ${finding.address === undefined ? '' : `${finding.address} = `}${at}`]),
    ...(finding.resolvedFault === undefined
      ? []
      : [`  reading ${finding.faultAddress ?? '?'} = ${finding.resolvedFault}`]),
    `  in ${plural(trials.length, 'trial')}, first ${trials[0]}, console line ${finding.line}`,
    '',
  ];
}

/** Of a deterministic run: what its trials left, and whether the bits came out a second time. */
function hashSection({ trials, repeats }: RunResult): string[] {
  if (!repeats) return [];
  const short = (hash: string | undefined): string => hash?.slice(0, 16) ?? 'none';
  const same = repeats.filter(({ differences }) => differences.length === 0);
  const more = trials.length - MAX_HASHES;
  return [
    plainTable(
      ['SHA-256 of', 'console', 'trace', 'records'],
      trials
        .slice(0, MAX_HASHES)
        .map(({ placement, index, hashes }) => [
          `${placement} ${index}`,
          short(hashes?.console),
          short(hashes?.trace),
          short(hashes?.records),
        ]),
    ),
    ...(more > 0 ? [`and ${plural(more, 'trial')} more (--format json has all)`] : []),
    `run again: ${same.length} of ${repeats.length} identical (${repeats.map(({ trial }) => trial).join(', ')})`,
    ...repeats.flatMap(({ trial, differences }) =>
      differences.length === 0
        ? []
        : [`  ${trial} came out otherwise: ${differences.map(({ what }) => what).join(', ')}`],
    ),
    '',
  ];
}
