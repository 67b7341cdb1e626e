// SPDX-License-Identifier: MIT
import { causeOf } from '../judge/verdict.js';
import type { Finding } from '../model/finding.js';
import { SUBJECT } from '../model/role.js';
import type { TrialResult } from '../model/trial.js';
import type { Rate, RunResult } from '../model/verdict.js';
import { scenarioOf } from '../scenarios/index.js';
import { codeBlock, codeSpan, plainText } from './markdown-text.js';
import { runAgain } from './next.js';
import { verdictSentence } from './sentence.js';

/** What of a long list is shown: a mail is read, not searched. */
const MAX_REASONS = 5;
const MAX_FINDINGS = 2;
const MAX_REPORT_LINES = 20;

/** A run for a mail or a merge request: verdict, table, finding, how to reproduce. */
export function renderMarkdown(result: RunResult, docker: readonly string[] = []): string {
  return [head(result), table(result), findings(result), reproduce(result, docker)]
    .filter((part) => part !== '')
    .join('\n');
}

function head(result: RunResult): string {
  const { verdict, reasons, kernel, question } = result;
  const { name } = scenarioOf(question);
  const { release, version, arch, preempt, spec } = kernel;
  return [
    `## dmrace ${plainText(name)}: ${verdict}\n\n`,
    `${plainText(verdictSentence(result))}\n\n`,
    `Kernel ${plainText(release)} (${plainText(`${version}, ${arch}, ${preempt}`)}), asked for as ${codeSpan(spec)}.\n`,
    ...(reasons.length === 0 ? [] : ['\n']),
    ...reasons.slice(0, MAX_REASONS).map((reason) => `- ${plainText(reason)}\n`),
    ...more(reasons.length - MAX_REASONS, 'reasons', '- '),
  ].join('');
}

const more = (count: number, what: string, before = ''): string[] =>
  count > 0 ? [`${before}and ${count} more ${what}\n`] : [];

function table({ placements, question }: RunResult): string {
  const rows = Object.entries(placements).map(([placement, sum]) => {
    const role = placement === question.control ? ' (control)' : '';
    const cells = [`${placement}${role}`, sum.trials, sum.reached, sum.crashed, sum.lost];
    return `| ${[...cells, percent(sum.crashRate)].join(' | ')} |\n`;
  });
  return [
    '| placement | trials | reached | crashed | lost | crash rate |\n',
    '|---|--:|--:|--:|--:|---|\n',
    ...rows,
  ].join('');
}

/** A rate with its interval at 95 %. */
function percent({ times, of, low, high }: Rate): string {
  if (of === 0) return 'unknown';
  const shown = (share: number): string => (share * 100).toFixed(1);
  return `${shown(times / of)} % (95 %: ${shown(low)} to ${shown(high)} %)`;
}

interface Seen {
  readonly finding: Finding;
  readonly trial: TrialResult;
  readonly trials: number;
}

/** Each different crash once; of the control's, which are meant to be, the first on a line. */
function findings({ trials, question }: RunResult): string {
  const seen = new Map<string, Seen>();
  for (const trial of trials) {
    for (const finding of trial.findings) {
      const key = [trial.placement, finding.cause, finding.title].join('\n');
      const before = seen.get(key);
      seen.set(
        key,
        before ? { ...before, trials: before.trials + 1 } : { finding, trial, trials: 1 },
      );
    }
  }
  const all = [...seen.values()];
  const wanted = ({ trial, finding }: Seen): boolean =>
    trial.placement === question.control && finding.cause === causeOf(question, trial.placement);
  const own = all.filter((one) => !wanted(one));
  const control = all.find((one) => wanted(one));
  return [
    ...own.slice(0, MAX_FINDINGS).map((one) => `### Finding\n\n${said(one)}\n${crashReport(one)}`),
    ...more(own.length - MAX_FINDINGS, 'different crashes'),
    ...(control ? [`The control crashed as it should: ${said(control)}`] : []),
  ].join('\n');
}

function said({ finding, trial, trials }: Seen): string {
  const known = finding.known === undefined ? '' : `, known (${plainText(finding.known)})`;
  const at = finding.resolved ?? finding.pc;
  const where = at === undefined ? '' : ` at ${codeSpan(at)}`;
  const often = trials === 1 ? '' : `, in ${trials} trials`;
  return `${codeSpan(finding.title)}${where}, cause ${codeSpan(finding.cause)}${known}; ${trial.placement} trial ${trial.index}${often}.\n`;
}

function crashReport({ finding: { text } }: Seen): string {
  if (text.length === 0) return '';
  const left = text.length - MAX_REPORT_LINES;
  return codeBlock([
    ...text.slice(0, MAX_REPORT_LINES),
    ...(left > 0 ? [`[${left} more lines]`] : []),
  ]);
}

function reproduce(result: RunResult, docker: readonly string[]): string {
  const command = commandOf(result, docker);
  return `### How to reproduce\n\n${codeBlock([command], 'sh')}`;
}

/** The same trials again. Where the seed of a trial is its own, it counts on from the first. */
function commandOf(result: RunResult, docker: readonly string[]): string {
  const { question, trials, repeats } = result;
  const { command, placements: usual } = scenarioOf(question);
  if (command !== 'run') return [`dmrace ${command}`, ...docker].join(' ');
  const [first] = trials;
  const seed = first === undefined ? 1 : first.seed - first.index;
  const { placements } = question;
  const asUsual = placements.join() === usual.join();
  const where = placements.length > 1 ? 'both' : (placements[0] ?? SUBJECT);
  return runAgain(result, docker, [
    `--trials ${question.trials}`,
    ...(seed === 1 ? [] : [`--seed ${seed}`]),
    ...(asUsual ? [] : [`--placement ${where}`]),
    ...(repeats === undefined ? [] : ['--deterministic']),
  ]);
}
