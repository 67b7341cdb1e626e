// SPDX-License-Identifier: MIT
import { consoleClock } from '../evidence/console-clock.js';
import { delaysOf } from '../evidence/delays.js';
import { type Proven, prove } from '../evidence/prove.js';
import type { GuestSetUp } from '../model/guest-set-up.js';
import { type GuestRecord, recordsOf } from '../model/record.js';
import type { ResultOf } from '../model/trial.js';
import { removerCast } from './cast.js';
import { BY_WINDOW, count, type Evidence, type Judgement, type Recipe } from './recipe.js';

/**
 * Four delays are possible for each kobject, so fewer of them can be the same in two trials by
 * chance: 8 kobjects are, in one pair of trials of 65,536.
 */
const TELLING = 8;

/** The guest whose kernel is only watched; the waiting program is woken by every event. */
export const WATCHED_GUEST: Pick<GuestSetUp, 'prepare' | 'helper' | 'wake'> = {
  prepare: 'watch',
  helper: false,
  wake: [
    {
      name: 'dmrace-release',
      events: ['dmrace/{release}', 'workqueue/workqueue_execute_end', 'sched/sched_process_exit'],
      wakesAtOnce: true,
    },
  ],
};

/** The kernel must be its own: nothing loaded that is not in its tree. */
function taintProblems(records: readonly GuestRecord[]): string[] {
  const [taint] = recordsOf(records, 'taint');
  if (!taint) return ['the guest did not say whether its kernel is tainted (record "taint")'];
  return taint.value === 0
    ? []
    : [`the kernel was tainted before the trial: /proc/sys/kernel/tainted is ${taint.value}`];
}

/**
 * The last step as the crash report tells it, where the telling allows that: a probe in the text of a
 * module is gone with the module, so nothing else can show what was called there.
 */
function withCrash(
  proven: Proven,
  { scenario, events, console, findings }: Evidence<'delayed'>,
): Proven {
  const last = scenario.telling.proofs.at(-1);
  const before = scenario.telling.proofs.at(-2);
  const crash = findings.find((finding) => finding.cause === last?.orCrash);
  const isNext = before !== undefined && proven.steps.at(-1)?.step === before.step;
  if (!last || !crash || !isNext) return proven;
  const { lines } = consoleClock(console, events);
  const head = lines.find(({ number }) => number >= crash.line);
  if (!head) return proven;
  const step = { step: last.step, atUs: Math.round(head.atUs), evidence: head.raw.trim() };
  return { ...proven, steps: [...proven.steps, step], missing: [] };
}

/**
 * A trial has reached the window when the removal and the unload succeeded and the disk was released
 * after that. A release before the end of the unload is the other side: such a trial survives, and
 * tells nothing of the bug.
 */
function judge(evidence: Evidence<'delayed'>): Judgement<'delayed'> {
  const { scenario, events, records, console } = evidence;
  const cast = removerCast(records, scenario.suspect);
  const traced: Proven =
    typeof cast === 'string'
      ? { steps: [], missing: [cast], bound: {} }
      : prove(scenario.telling, events, cast);
  const proven = withCrash(traced, evidence);
  const last = scenario.telling.proofs.at(-1);
  const otherSide = proven.missing.includes(`step ${last?.step}: ${last?.notBefore?.says}`);
  const reached = proven.missing.length === 0;
  return {
    steps: proven.steps,
    reached,
    whole: reached || otherSide,
    foreign: [],
    doubts: scenario.suspect.outOfTree ? [] : taintProblems(records),
    missing: proven.missing,
    provenance: null,
    detail: { delays: delaysOf(console) },
  };
}

/**
 * Trials in which the kernel drew the very same delays: guests of one saved state whose random
 * numbers were not renewed. They are one observation, however many they are.
 * @returns one reason for each group of them.
 */
export function repeatedDelays(trials: readonly ResultOf<'delayed'>[]): string[] {
  const groups = new Map<string, number[]>();
  for (const { index, delays } of trials) {
    if (delays.length < TELLING) continue;
    const key = JSON.stringify(delays);
    groups.set(key, [...(groups.get(key) ?? []), index]);
  }
  return [...groups.values()]
    .filter((same) => same.length > 1)
    .map(
      (same) =>
        `trials ${same.join(', ')} drew the same random delays: they are one observation, not ${same.length}`,
    );
}

/** Which sides of a window that chance opens the trials have shown. */
function sides(subject: readonly ResultOf<'delayed'>[]): string[] {
  if (subject.length === 0) return [];
  const after = subject.filter((trial) => trial.reached);
  const before = subject.filter((trial) => !trial.reached && trial.outcome === 'survived');
  const crashed = after.filter((trial) => trial.outcome === 'crashed').length;
  return [
    `the disk was released after the unload in ${count(after.length, 'trial')} (${crashed} crashed) and before it in ${before.length} (none crashed)`,
  ];
}

/**
 * No holder: the kernel itself puts off the release of kobjects (CONFIG_DEBUG_KOBJECT_RELEASE), by a
 * random time that may end before or after the unload.
 */
export const delayed: Recipe<'delayed'> = {
  name: 'delayed',
  guest: WATCHED_GUEST,
  cpus: 1,
  word: 'trial',
  command: () => [],
  extraMs: () => 0,
  endsByCrash: true,
  judge,
  verdict: { ...BY_WINDOW, facts: sides, repeats: repeatedDelays },
  table: null,
};
