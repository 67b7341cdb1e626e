// SPDX-License-Identifier: MIT
import { create } from 'xmlbuilder2';
import type { XMLBuilder } from 'xmlbuilder2/lib/interfaces.js';
import { knownReasons } from '../judge/known.js';
import { orderedPlacements } from '../model/placement.js';
import type { TrialResult } from '../model/trial.js';
import type { Question, RunResult } from '../model/verdict.js';
import { doubt, notesOf, type State, stateOf } from './trial-state.js';

// XML 1.0, section 2.2: no control characters but tab and line ends.
export const clean = (text: string): string =>
  text.replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/g, '?');

export const seconds = (ms: number): string => (ms / 1000).toFixed(3);

/** One `testcase`. */
export interface Case {
  readonly name: string;
  readonly state: State;
  /** `type` of the failure or error. */
  readonly type: string;
  readonly notes: readonly string[];
  readonly output: readonly string[];
  readonly durationMs: number;
}

/**
 * The result as JUnit XML, valid to Jenkins' schema: a suite for each placement, a case for each
 * trial. A run without a verdict has a suite `verdict` more, so that it does not look like a success.
 */
export function renderJunit(result: RunResult): string {
  const { question, trials, reasons, verdict } = result;
  const suites: Suite[] = orderedPlacements(question.placements).map((placement) => {
    const mine = trials.filter((trial) => trial.placement === placement);
    return { name: placement, cases: mine.map((trial) => trialCase(trial, question)), result };
  });
  const doubtful = doubt(result);
  if (doubtful !== null) {
    const rest = { type: verdict, notes: reasons, output: [], durationMs: 0 };
    suites.push({ name: 'verdict', cases: [{ name: verdict, state: doubtful, ...rest }], result });
  }
  return junitText(question.scenario, suites);
}

/** One `testsuite`, with the run that its properties tell of. */
export interface Suite {
  readonly name: string;
  readonly cases: readonly Case[];
  readonly result: RunResult;
}

/** The whole file. */
export function junitText(scenario: string, suites: readonly Suite[]): string {
  const all = suites.flatMap((suite) => suite.cases);
  const root = create({ version: '1.0', encoding: 'UTF-8' }).ele('testsuites', {
    name: `dmrace ${scenario}`,
    ...sums(all),
  });
  for (const { name, cases, result } of suites) {
    const skipped = String(cases.filter((test) => test.state === 'skip').length);
    const suite = root.ele('testsuite', { name, ...sums(cases), skipped });
    addProperties(suite, result);
    for (const test of cases) addCase(suite, `dmrace.${scenario}.${name}`, test);
  }
  return `${root.end({ prettyPrint: true })}\n`;
}

/** The case of a trial. @param state another than it has by itself */
export function trialCase(
  trial: TrialResult,
  question: Question,
  state: State = stateOf(trial, question),
): Case {
  return {
    name: `trial ${trial.index}`,
    state,
    type: trial.findings[0]?.cause ?? trial.outcome,
    notes: [...notesOf(trial), ...trial.findings.flatMap((finding) => finding.text)],
    output: trial.steps.map((step) => `step ${step.step} at ${step.atUs} us: ${step.evidence}`),
    durationMs: trial.durationMs,
  };
}

export function sums(cases: readonly Case[]): Record<string, string> {
  const count = (state: State): string =>
    String(cases.filter((test) => test.state === state).length);
  return {
    tests: String(cases.length),
    failures: count('fail'),
    errors: count('error'),
    time: seconds(cases.reduce((sum, test) => sum + test.durationMs, 0)),
  };
}

function addProperties(suite: XMLBuilder, { verdict, kernel, question, known }: RunResult): void {
  const properties = suite.ele('properties');
  const add = (name: string, value: string): void =>
    void properties.ele('property', { name, value: clean(value) });
  add('verdict', verdict);
  add('scenario', question.scenario);
  for (const [name, value] of Object.entries(kernel)) {
    add(`kernel.${name}`, typeof value === 'object' ? JSON.stringify(value) : String(value));
  }
  // One for each entry of the known-issues file that is about this kernel, stale ones too.
  for (const line of known === null ? [] : knownReasons(known)) add('known-issue', line);
}

export function addCase(suite: XMLBuilder, classname: string, test: Case): void {
  const time = seconds(test.durationMs);
  const element = suite.ele('testcase', { name: test.name, classname, time });
  const text = clean(test.notes.join('\n'));
  const message = clean(test.notes[0] ?? test.type);
  // The schema gives `skipped` no attributes.
  if (test.state === 'skip') element.ele('skipped').txt(text);
  if (test.state === 'error') element.ele('error', { message, type: test.type }).txt(text);
  if (test.state === 'fail') element.ele('failure', { message, type: test.type }).txt(text);
  const output = test.state === 'pass' ? [...test.notes, ...test.output] : test.output;
  if (output.length > 0) element.ele('system-out').txt(clean(output.join('\n')));
}
