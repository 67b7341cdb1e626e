// SPDX-License-Identifier: MIT
import type { CompareResult } from '../model/compare.js';
import { type PatchIdentity, seriesWords } from '../model/patch.js';
import { roleOf } from '../model/role.js';
import type { RunResult, Verdict } from '../model/verdict.js';
import { count } from '../recipes/recipe.js';
import { type RunEvidence, summarise } from './summary.js';
import { crashedWith, subjectOf, WEAKER } from './verdict.js';

/** A control's or twin's, whatever kernel its trial was on. */
const speaksForSetUp = (placement: Parameters<typeof roleOf>[0]): boolean =>
  ['control', 'twin'].includes(roleOf(placement));

/**
 * The answer of two runs. The one without the series is judged by itself: `open` shows the bug. Of the
 * other the subject counts, judged beside the controls of the first: they show that crashes are seen
 * in this set-up, and the series, which may cure them as well, is no part of them.
 * @param problems of what ties the two together: each takes `closed` away, and no crash
 */
export function judgeCompare(
  before: RunEvidence,
  after: RunEvidence,
  problems: readonly string[] = [],
): CompareResult {
  if (isUnpatched(after.kernel) && (before.kernel.patches ?? []).length > 0) {
    const swapped = 'the two runs stand in each other’s place';
    return judgeCompare(after, before, [swapped, ...problems]);
  }
  const first = summarise(before);
  const controls = before.question.placements.filter(speaksForSetUp);
  const second = summarise({
    ...after,
    question: {
      ...after.question,
      placements: [
        ...after.question.placements.filter((placement) => !speaksForSetUp(placement)),
        ...controls,
      ],
    },
    trials: [
      ...after.trials.filter(({ placement }) => !speaksForSetUp(placement)),
      ...before.trials.filter(({ placement }) => speaksForSetUp(placement)),
    ],
    codes: { ...before.codes, ...after.codes },
    problems: [
      ...after.problems,
      ...before.problems.map((problem) => `before: ${problem}`),
      ...unlike(before, after),
      ...problems,
    ],
  });
  return {
    ...answer(first, second, isUnpatched(after.kernel)),
    patches: after.kernel.patches ?? [],
    before: first,
    after: second,
  };
}

/** What makes two runs no comparison. */
function unlike(before: RunEvidence, after: RunEvidence): string[] {
  const same = (what: string, a: unknown, b: unknown): string[] =>
    a === b ? [] : [`the two runs differ in more than the patch: ${what} ${a} and ${b}`];
  const [q, p] = [before.question, after.question];
  const [k, l] = [before.kernel, after.kernel];
  return [
    ...same('scenario', q.scenario, p.scenario),
    ...same('trials', q.trials, p.trials),
    ...same('processors', q.cpus ?? 1, p.cpus ?? 1),
    ...same('kernel', k.spec, l.spec),
    ...same('architecture', k.arch, l.arch),
    ...((k.patches ?? []).length > 0 ? ['the first of the two runs has patches too'] : []),
    ...(isUnpatched(l) ? ['the second of the two runs has no patch'] : []),
  ];
}

/**
 * Whether a run says that its kernel had no patch: a crash of it is none of a patched kernel, whatever
 * place the run stands in. A run.json that cannot be read says nothing (`unknown`).
 */
const isUnpatched = ({ spec, patches }: RunEvidence['kernel']): boolean =>
  spec !== 'unknown' && (patches ?? []).length === 0;

function answer(
  before: RunResult,
  after: RunResult,
  unpatched: boolean,
): Pick<CompareResult, 'verdict' | 'reasons' | 'exitCode'> {
  const shown = before.verdict === 'open';
  const said = [shownLine(before), afterLine(after)];
  const more = [
    ...(shown ? [] : before.reasons.map((reason) => `before: ${reason}`)),
    // The unpatched kernel's own crash stands beside it, which is the strongest control there is.
    ...after.reasons
      .filter((reason) => !(shown && reason === WEAKER))
      .map((reason) => `after: ${reason}`),
  ];
  const reasons = [...said, ...more];
  if (unpatched) return { verdict: 'inconclusive', reasons, exitCode: 125 };
  if (after.verdict === 'open') return { verdict: 'open', reasons, exitCode: 1 };
  const verdict: Verdict = shown && after.verdict === 'closed' ? 'closed' : 'inconclusive';
  if (verdict === 'closed') return { verdict, reasons, exitCode: 0 };
  // A crash of another cause after is an answer too.
  return { verdict, reasons, exitCode: after.exitCode === 1 ? 1 : 125 };
}

/** How often the subject crashed with what is asked about. */
export function crashes({ trials, question }: RunResult): {
  readonly times: number;
  readonly of: number;
} {
  const subject = subjectOf(trials);
  const times = subject.filter((trial) => crashedWith(trial, question.targetCause)).length;
  return { times, of: subject.length };
}

function shownLine(before: RunResult): string {
  const { times, of } = crashes(before);
  return before.verdict === 'open'
    ? `before: ${times} of ${count(of, 'trial')} crashed with ${before.question.targetCause}`
    : `before: the kernel without the patch did not show ${before.question.targetCause} (${before.verdict}), so nothing was there to be cured`;
}

function afterLine(after: RunResult): string {
  const { times, of } = crashes(after);
  const { targetCause } = after.question;
  const reached = subjectOf(after.trials).filter((trial) => trial.reached).length;
  return times > 0
    ? `after: ${times} of ${count(of, 'trial')} still crashed with ${targetCause}`
    : `after: ${reached} of ${count(of, 'trial')} reached the window, none crashed with ${targetCause}`;
}

/** The answer in one sentence. */
export function compareSentence({
  verdict,
  before,
  after,
  patches,
}: {
  readonly verdict: Verdict;
  readonly before: RunResult;
  readonly after: RunResult;
  readonly patches: readonly PatchIdentity[];
}): string {
  const what = `${seriesWords(patches)} on ${before.kernel.release}`;
  switch (verdict) {
    case 'closed':
      return `Open before, closed after: ${what}.`;
    case 'open':
      return `${before.verdict === 'open' ? 'Open before and' : 'Open'} after: ${what}.`;
    case 'inconclusive':
      return before.verdict === 'open'
        ? `Open before; after, nothing is proven: ${what}.`
        : `The bug was not shown before, so nothing is proven: ${what}${after.verdict === 'closed' ? ', which was closed after' : ''}.`;
  }
}
