// SPDX-License-Identifier: GPL-2.0-only
import type { Cause } from '../model/finding.js';
import type { RecipeName } from '../model/recipe.js';
import { SUBJECT } from '../model/role.js';
import type { TrialResult } from '../model/trial.js';
import type { Question, Verdict } from '../model/verdict.js';
import { RECIPES } from '../recipes/index.js';
import { count, type VerdictRules } from '../recipes/recipe.js';

/** A verdict with everything that speaks for or against it, and the process's exit code. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly reasons: readonly string[];
  /** 0 closed or nothing but known crashes, 1 open or a crash of another cause, 125 inconclusive. */
  readonly exitCode: 0 | 1 | 125;
}

/** Said where the exit code is 0 although the verdict is `open`. */
export const EXCUSED = 'the exit code is 0 only because the known-issues file lists this crash';

/** Whether a trial crashed with a given cause. */
export const crashedWith = (trial: TrialResult, cause: Cause): boolean =>
  trial.findings.some((finding) => finding.cause === cause);

/** The subject's trials. */
export const subjectOf = (trials: readonly TrialResult[]): TrialResult[] =>
  trials.filter((trial) => trial.role === 'subject');

/** The control's trials; none where the question has no control. */
const controlOf = ({ control }: Question, trials: readonly TrialResult[]): TrialResult[] =>
  trials.filter((trial) => trial.placement === control);

/**
 * What the question's recipe says of its trials together. The results of a run are all of its recipe,
 * which the compiler cannot know.
 */
function rulesOf({ recipe }: Question): VerdictRules<RecipeName> {
  return RECIPES[recipe].verdict as VerdictRules<RecipeName>;
}

/**
 * The verdict of a run, exactly as the table of docs/verdicts.md: `open` by one crash of the
 * subject with the target cause; `closed` only when the subject reached the window often enough
 * without any crash and the control crashed with the target cause; else `inconclusive`. Known
 * crashes change exit codes and are no crash of another cause; `open` stays `open`.
 */
export function judgeRun(question: Question, all: readonly TrialResult[]): Judgement {
  // What was booted is not what the trial is filed as: its crash is another placement's, or nobody's.
  const trials = all.filter((trial) => !trial.contradicted);
  const foreign = all
    .filter((trial) => trial.contradicted)
    .map(
      (trial) =>
        `${trial.placement} trial ${trial.index}: ${trial.outcome}, which counts for nothing: what was booted is not what it is filed as`,
    );
  const subject = subjectOf(trials);
  const rules = rulesOf(question);
  const facts = rules.facts(subject);
  const repeats = rules.repeats(subject);
  const strangers = trials.flatMap((trial) =>
    trial.findings
      .filter((finding) => finding.cause !== question.targetCause && finding.known === undefined)
      .map((f) => `${trial.placement} trial ${trial.index}: crash of another cause: ${f.title}`),
  );
  const hits = subject.filter((trial) => crashedWith(trial, question.targetCause));
  if (hits.length > 0) {
    const targets = hits
      .flatMap((trial) => trial.findings)
      .filter((finding) => finding.cause === question.targetCause);
    const excused =
      strangers.length === 0 && foreign.length === 0 && targets.every((f) => f.known !== undefined);
    return {
      verdict: 'open',
      reasons: [
        `${hits.length} of ${count(subject.length, 'trial')} of the ${SUBJECT} placement crashed with ${question.targetCause}`,
        ...facts,
        ...repeats,
        ...strangers,
        ...foreign,
        ...(excused ? [EXCUSED] : []),
      ],
      exitCode: excused ? 0 : 1,
    };
  }

  // A kernel that crashes before the guest is ready, every time, does not boot: bisect skips it.
  const boots = trials.some((trial) => !trial.neverReady);
  const against = [
    ...foreign,
    ...(boots || trials.length === 0 ? [] : ['the kernel does not boot: no guest got ready']),
    ...strangers,
    ...subjectDoubts(question, subject),
    ...repeats,
    ...controlDoubts(question, trials),
  ];
  if (against.length > 0) {
    return {
      verdict: 'inconclusive',
      reasons: [...against, ...facts, ...trialReasons(all)],
      exitCode: strangers.length > 0 && boots ? 1 : 125,
    };
  }
  return { verdict: 'closed', reasons: closedReasons(question, trials), exitCode: 0 };
}

function subjectDoubts(question: Question, subject: readonly TrialResult[]): readonly string[] {
  if (subject.length === 0) return [`the ${SUBJECT} placement, the subject, was not tried`];
  const { doubts } = rulesOf(question);
  if (doubts !== null) return doubts(subject);
  const reached = subject.filter((trial) => trial.reached).length;
  // A shard may be asked for none; of none nothing is shown.
  return reached >= Math.max(1, question.trials)
    ? []
    : [`${SUBJECT}: ${reached} of ${count(question.trials, 'trial')} reached the window`];
}

function controlDoubts(question: Question, trials: readonly TrialResult[]): string[] {
  if (question.control === null) return [];
  const control = controlOf(question, trials);
  if (control.length === 0) {
    return [
      `the control (${question.control}) was not tried, so silence of the subject proves nothing`,
    ];
  }
  return control.some((trial) => trial.reached && crashedWith(trial, question.targetCause))
    ? []
    : [
        `the control (${question.control}) did not crash with ${question.targetCause} inside the window`,
      ];
}

/** Reasons of single trials, equal ones once, so a campaign of a thousand stays readable. */
function trialReasons(trials: readonly TrialResult[]): string[] {
  const groups = new Map<string, { first: TrialResult; times: number }>();
  for (const trial of trials) {
    if (trial.outcome === 'survived' || (trial.outcome === 'crashed' && trial.reached)) continue;
    for (const reason of trial.reasons) {
      const key = `${trial.placement} ${trial.outcome}: ${reason}`;
      const group = groups.get(key);
      if (group) group.times++;
      else groups.set(key, { first: trial, times: 1 });
    }
  }
  return [...groups].map(([key, group]) =>
    group.times === 1
      ? `${key} (trial ${group.first.index})`
      : `${key} (${group.times} trials, first ${group.first.index})`,
  );
}

function closedReasons(question: Question, trials: readonly TrialResult[]): string[] {
  const subject = subjectOf(trials);
  const reached = subject.filter((trial) => trial.reached).length;
  const survived = `${SUBJECT}: ${count(reached, 'trial')} reached the window, none crashed`;
  if (question.control === null) {
    return [
      survived,
      ...rulesOf(question).facts(subject),
      `scenario ${question.scenario} has no control: nothing shows that a crash would be seen`,
    ];
  }
  const control = controlOf(question, trials);
  const crashed = control.filter((trial) => crashedWith(trial, question.targetCause)).length;
  return [
    survived,
    `${question.control}: ${crashed} of ${count(control.length, 'trial')} crashed with ${question.targetCause}`,
  ];
}
