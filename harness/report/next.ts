// SPDX-License-Identifier: MIT
import { builtAll, type KernelIdentity } from '../model/kernel-identity.js';
import { trialName } from '../model/trial.js';
import type { RunResult } from '../model/verdict.js';
import { RECIPES } from '../recipes/index.js';
import { SCENARIOS, scenarioOf } from '../scenarios/index.js';

/** The scenario that a run has when none is named. */
const MAIN = SCENARIOS[0]?.name;

/** What to run next: a command and what it is good for. */
export interface NextStep {
  readonly command: string;
  readonly why: string;
}

/**
 * At most three commands that fit the verdict, the most useful first.
 * @param docker the flags that had the run made in a container, for the commands that boot guests:
 *   elsewhere there may be no QEMU, or another compiler
 */
export function nextSteps(
  result: RunResult,
  directory: string,
  docker: readonly string[] = [],
): NextStep[] {
  const steps = byVerdict(result, directory, docker);
  if (!result.repeats) return steps;
  const command = ['dmrace replay', directory, ...docker].join(' ');
  const replay = { command, why: 'all trials again, byte for byte' };
  return [replay, ...steps].slice(0, 3);
}

/** The command of such a run: its kernel and scenario, and more words. */
export function runAgain(
  { kernel, question }: RunResult,
  docker: readonly string[],
  words: readonly string[],
): string {
  return [
    'dmrace run',
    ...docker,
    ...(kernel.arch === 'x86_64' ? [] : [`--arch ${kernel.arch}`]),
    ...(kernel.spec === 'debian' ? [] : [`--kernel ${kernel.spec}`]),
    ...builtAs(kernel),
    ...[...new Set((kernel.patches ?? []).map(({ file }) => file))].map(
      (file) => `--patch ${file}`,
    ),
    ...((question.cpus ?? 1) > 1 ? [`--cpus ${question.cpus}`] : []),
    ...(question.scenario === MAIN ? [] : [`--scenario ${question.scenario}`]),
    ...words,
  ].join(' ');
}

function byVerdict(result: RunResult, directory: string, docker: readonly string[]): NextStep[] {
  const { verdict, question } = result;
  const again = (...words: string[]): string => runAgain(result, docker, words);
  const report = { command: `dmrace report ${directory}`, why: 'timelines and evidence as HTML' };
  switch (verdict) {
    case 'closed':
      return [
        { command: again(`--trials ${question.trials * 10}`), why: 'ten times as many trials' },
        ...(scenarioOf(question).pinsParent
          ? [
              {
                command: again('--scenario disk-release'),
                why: 'the second bug, which this scenario keeps out',
              },
            ]
          : []),
        report,
      ];
    case 'open':
      return [...consoleOf(result, directory), report];
    case 'inconclusive':
      return [...remedies(result, again, docker), ...consoleOf(result, directory), report].slice(
        0,
        3,
      );
  }
}

/** The options that name how a self-built kernel was built; the default profile needs none. */
function builtAs({ build }: KernelIdentity): string[] {
  if (build === undefined) return [];
  const usual = build.config === null ? 'base' : '';
  return [...buildWords(build, usual), ...(builtAll(build) ? ['--all-modules'] : [])];
}

/** The options that name a build's profiles and its .config. @param usual profiles, which are not named */
export function buildWords(
  { profiles, config }: NonNullable<KernelIdentity['build']>,
  usual: string,
): string[] {
  const names = profiles.join(',');
  return [
    ...(names === usual ? [] : [`--profile ${names}`]),
    ...(config === null ? [] : [`--config ${config}`]),
  ];
}

/** The first trial that crashed in the subject, or was lost. */
function consoleOf({ trials }: RunResult, directory: string): NextStep[] {
  const crashed = trials.find((trial) => trial.role === 'subject' && trial.findings.length > 0);
  const trial = crashed ?? trials.find((one) => one.outcome === 'lost');
  if (!trial) return [];
  const line = trial.findings[0]?.line ?? 1;
  const file = `${directory}/${trialName(trial)}/console.log`;
  return [
    { command: `less +${line} ${file}`, why: crashed ? 'the crash report' : 'its last words' },
  ];
}

function remedies(
  { question, trials }: RunResult,
  again: (...words: string[]) => string,
  docker: readonly string[],
): NextStep[] {
  const { control } = question;
  const own = RECIPES[question.recipe].verdict.remedies;
  if (own.length > 0 && trials.length > 0) {
    return own.map(({ words, instead, why }) => ({
      command:
        instead === undefined ? again(words ?? '') : [`dmrace ${instead}`, ...docker].join(' '),
      why,
    }));
  }
  if (control !== null && !question.placements.includes(control)) {
    return [{ command: again('--placement both'), why: 'with the control' }];
  }
  if (trials.some((trial) => trial.outcome === 'lost')) {
    return [{ command: again('--jobs 1'), why: 'one VM at a time, when the host is short' }];
  }
  if (trials.some((trial) => trial.outcome === 'not-reached')) {
    const seed = Math.max(0, ...trials.map((trial) => trial.seed)) + 1;
    return [{ command: again(`--seed ${seed}`), why: 'other seeds move the race' }];
  }
  const command = ['dmrace doctor --self-test', ...docker].join(' ');
  return [{ command, why: 'whether crashes are seen at all' }];
}
