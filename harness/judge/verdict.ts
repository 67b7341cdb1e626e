// SPDX-License-Identifier: MIT
import type { Cause } from '../model/finding.js';
import type { Placement } from '../model/placement.js';
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

/** The trials of a planted control's twin; none where the question has none. */
const twinOf = ({ planted }: Question, trials: readonly TrialResult[]): TrialResult[] =>
  trials.filter((trial) => trial.placement === planted?.twin);

/** The cause with which trials of a placement are meant to crash, if they do. */
export const causeOf = (
  { planted, control, targetCause }: Question,
  placement: Placement,
): Cause =>
  planted && (placement === control || placement === planted.twin) ? planted.cause : targetCause;

/** Whether a trial of the control has shown that a crash is seen. */
export const showsCrash = (question: Question, trial: TrialResult): boolean =>
  trial.placement === question.control &&
  trial.reached &&
  crashedWith(trial, causeOf(question, trial.placement));

/** Whether a trial of the planted control's twin has shown that the set-up itself crashes nothing. */
export const showsCalm = ({ planted }: Question, trial: TrialResult): boolean =>
  trial.placement === planted?.twin && trial.reached && trial.outcome === 'survived';

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
      .filter(
        ({ cause, known }) => cause !== causeOf(question, trial.placement) && known === undefined,
      )
      .map((f) => `${trial.placement} trial ${trial.index}: crash of another cause: ${f.title}`),
  );
  const hits = subject.filter((trial) => crashedWith(trial, question.targetCause));
  // Whatever was booted in its place: a set-up that crashes shows nothing by its crashes.
  const atFault = twinOf(question, all).filter((trial) => trial.findings.length > 0);
  if (atFault.length > 0) {
    return {
      verdict: 'inconclusive',
      reasons: [
        `the correct twin of the planted control crashed in ${atFault.length} of ${count(twinOf(question, all).length, 'trial')}: the set-up is at fault, so nothing is concluded`,
        ...(hits.length > 0
          ? [
              `${SUBJECT} crashed with ${question.targetCause} in ${count(hits.length, 'trial')} too`,
            ]
          : []),
        ...strangers,
        ...foreign,
        ...facts,
      ],
      exitCode: 125,
    };
  }
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
  const { control: placement, planted } = question;
  if (placement === null) return [];
  const control = controlOf(question, trials);
  if (control.length === 0) {
    return [`the control (${placement}) was not tried, so silence of the subject proves nothing`];
  }
  const cause = causeOf(question, placement);
  return [
    ...(control.some((trial) => showsCrash(question, trial))
      ? []
      : [`the control (${placement}) did not crash with ${cause} inside the window`]),
    ...(planted ? twinDoubts(question, planted.twin, trials) : []),
  ];
}

function twinDoubts(
  question: Question,
  placement: Placement,
  trials: readonly TrialResult[],
): string[] {
  const twin = twinOf(question, trials);
  if (twin.length === 0) {
    return [
      `the correct twin (${placement}) of the planted control was not tried, so nothing shows that the set-up itself crashes nothing`,
    ];
  }
  return twin.some((trial) => showsCalm(question, trial))
    ? []
    : [`the correct twin (${placement}) of the planted control did not go through the window`];
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

/** Said wherever a verdict rests on a planted control. */
export const WEAKER =
  'a planted control is weaker than a rebuilt one: it is another module, so it shows that hold, unload, last put and detection work on this kernel, not that a crash of the subject’s own kind would be seen';

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
  const cause = causeOf(question, question.control);
  const crashed = control.filter((trial) => crashedWith(trial, cause)).length;
  const { planted } = question;
  return [
    survived,
    ...rulesOf(question).facts(subject),
    `${question.control}: ${crashed} of ${count(control.length, 'trial')} crashed with ${cause}`,
    ...(planted
      ? [
          `${planted.twin}: ${count(twinOf(question, trials).length, 'trial')}, none crashed`,
          WEAKER,
        ]
      : []),
  ];
}
