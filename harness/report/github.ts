// SPDX-License-Identifier: MIT
import type { Finding } from '../model/finding.js';
import type { TrialResult } from '../model/trial.js';
import type { RunResult, Verdict } from '../model/verdict.js';
import { codeBlock, plainText } from './markdown-text.js';
import { verdictSentence } from './sentence.js';
import { notesOf, stateOf } from './trial-state.js';

/** What a step may write to GITHUB_STEP_SUMMARY (GitHub's docs, "Job summaries": 1 MiB a step). */
export const SUMMARY_LIMIT_BYTES = 1024 * 1024;

/** GitHub shows 10 annotations of a kind for a step (docs, "Workflow annotations limits"). */
export const MAX_ANNOTATIONS = 10;

/** The level of an annotation. */
export const LEVEL: Readonly<Record<Verdict, string>> = {
  closed: 'notice',
  open: 'error',
  inconclusive: 'warning',
};

// The escapes of actions/toolkit, packages/core/src/command.ts: escapeData, escapeProperty.
const data = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

/** A workflow command that shows an annotation. */
export const annotation = (level: string, title: string, text: string): string =>
  `::${level} title=${property(title)}::${data(text)}\n`;

/** Workflow commands: the verdict with its reasons, then each trial that failed. */
export function githubAnnotations(result: RunResult): string {
  const { verdict, reasons, question, trials } = result;
  const first = annotation(
    verdict === 'open' && result.exitCode === 0 ? 'warning' : LEVEL[verdict],
    `dmrace ${question.scenario}: ${verdict}`,
    [verdictSentence(result), ...reasons].join('\n'),
  );
  const failed = trials
    .filter((trial) => ['fail', 'error'].includes(stateOf(trial, question)))
    .slice(0, MAX_ANNOTATIONS - 1)
    .map((trial) =>
      annotation(
        stateOf(trial, question) === 'fail' ? 'error' : 'warning',
        `${trial.placement} trial ${trial.index}: ${trial.outcome}`,
        notesOf(trial).join('\n'),
      ),
    );
  return [first, ...failed].join('');
}

/**
 * The job summary in GitHub's Markdown, at most `limitBytes` of UTF-8: what does not fit is left out
 * in whole parts, crash reports before trials, and the last line says so.
 */
export const githubSummary = (result: RunResult, limitBytes = SUMMARY_LIMIT_BYTES): string =>
  fitted([head(result), trialTable(result), ...crashReports(result)], limitBytes);

/** Parts of a summary, as many as fit; the last line says so where they do not. */
export function fitted(parts: readonly string[], limitBytes: number): string {
  const note = '\n_Shortened to what GitHub takes; the artefacts have the rest._\n';
  let text = '';
  for (const part of parts) {
    if (Buffer.byteLength(text + part + note) > limitBytes) return cut(text + note, limitBytes);
    text += part;
  }
  return text;
}

const cut = (text: string, limitBytes: number): string =>
  Buffer.byteLength(text) <= limitBytes ? text : '';

function head(result: RunResult): string {
  const { verdict, kernel, reasons, placements, question } = result;
  const rows = Object.entries(placements).map(
    ([placement, sum]) =>
      `| ${placement} | ${sum.trials} | ${sum.reached} | ${sum.crashed} | ${sum.lost} | ${sum.tailCall === null ? 'unknown' : sum.tailCall ? 'tail call' : 'call'} |\n`,
  );
  return [
    `## dmrace ${plainText(question.scenario)}: ${verdict}\n\n`,
    `${plainText(verdictSentence(result))} Kernel ${plainText(kernel.release)} (${plainText(kernel.version)}, ${kernel.arch}).\n\n`,
    ...reasons.map((reason) => `- ${plainText(reason)}\n`),
    '\n| placement | trials | reached | crashed | lost | complete() by |\n',
    '|---|---|---|---|---|---|\n',
    ...rows,
  ].join('');
}

function trialTable({ trials, question }: RunResult): string {
  const row = (trial: TrialResult): string => {
    const { placement, index, outcome, durationMs } = trial;
    const says = plainText(notesOf(trial).join('; '));
    return `| ${placement} ${index} | ${outcome} (${stateOf(trial, question)}) | ${(durationMs / 1000).toFixed(1)} s | ${says} |\n`;
  };
  return `\n| trial | outcome | time | |\n|---|---|---|---|\n${trials.map(row).join('')}`;
}

/** Each different crash report once. */
function crashReports({ trials }: RunResult): string[] {
  const seen = new Map<string, { finding: Finding; trial: TrialResult }>();
  for (const trial of trials) {
    for (const finding of trial.findings) {
      const key = `${trial.placement}\n${finding.cause}\n${finding.title}`;
      if (!seen.has(key)) seen.set(key, { finding, trial });
    }
  }
  return [...seen.values()].map(
    ({ finding, trial }) =>
      `\n<details><summary>${trial.placement} trial ${trial.index}: ${html(finding.title)}</summary>\n\n${codeBlock(finding.text)}\n</details>\n`,
  );
}

/** Text for an HTML element inside Markdown. */
export const html = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
