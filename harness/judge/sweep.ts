// SPDX-License-Identifier: MIT
import type { Cause } from '../model/finding.js';
import { COMPARED_PLACEMENTS, comparePlacements, type Placement } from '../model/placement.js';
import { SUBJECT } from '../model/role.js';
import type { SweepPoint, SweepResult } from '../model/sweep.js';
import { type ResultOf, trialName } from '../model/trial.js';
import { crashedWith } from './verdict.js';

/** A trial of a sweep as a row of its table. */
export function sweepPoint(trial: ResultOf<'sweep'>, targetCause: Cause): SweepPoint {
  const { sweep } = trial;
  const sixth = trial.steps.find((step) => step.step === 6);
  const beyond = sweep.asked === 'after' || sweep.asked > sweep.blocks.length;
  const point = beyond && sweep.missed === null ? 'after' : sweep.asked;
  const block = typeof point === 'number' ? (sweep.blocks[point - 1] ?? null) : null;
  const us = block?.atUs ?? trial.steps.find((step) => step.step === 10)?.atUs;
  return {
    placement: trial.placement,
    point,
    block,
    sinceStep6Us: sixth && us !== undefined ? us - sixth.atUs : null,
    outcome: trial.reached || trial.outcome === 'lost' ? trial.outcome : 'missed',
    findings: trial.findings.map((finding) => finding.title),
    targetCrash: crashedWith(trial, targetCause),
    missed: trial.reached ? null : (sweep.missed ?? trial.reasons.join('; ')),
    trial: trialName(trial),
  };
}

const order = (point: SweepPoint): number => (point.point === 'after' ? Infinity : point.point);

/**
 * The verdict of a sweep. `open`: the subject crashed at some point. `closed`: every
 * point of both placements was hit, the subject survived them all, and the control crashed with the
 * target cause at one at least. Anything else is `inconclusive`.
 */
export function judgeSweep(
  targetCause: Cause,
  placements: readonly Placement[],
  given: readonly ResultOf<'sweep'>[],
): SweepResult {
  // What was booted is not what the trial is filed as: it counts for nothing.
  const trials = given.filter((trial) => !trial.contradicted);
  const foreign = given.filter((trial) => trial.contradicted);
  const all = trials.map((trial) => sweepPoint(trial, targetCause));
  // The trial that was told of one block too many ended as the one after the unload: one row.
  const same = (a: SweepPoint, b: SweepPoint): boolean =>
    a.placement === b.placement && a.point === b.point && a.outcome === b.outcome;
  const points = all
    .filter((point, index) => all.findIndex((other) => same(point, other)) === index)
    .toSorted((a, b) => comparePlacements(a.placement, b.placement) || order(a) - order(b));
  const of = (placement: Placement): SweepPoint[] =>
    points.filter((point) => point.placement === placement);
  const blocks = Object.fromEntries(
    placements.map((placement) => [
      placement,
      Math.max(
        0,
        ...trials
          .filter((t) => t.placement === placement && t.sweep.ranAt === 'after')
          .map((t) => t.sweep.blocks.length),
      ),
    ]),
  );
  const subject = of(SUBJECT).filter(
    (point) => point.outcome === 'crashed' || point.findings.length > 0,
  );
  const strangers = points.filter((point) => point.findings.length > 0 && !point.targetCrash);
  const doubts = [
    ...foreign.map((trial) => `${trialName(trial)}: what was booted is not what it is filed as`),
    ...placements.flatMap((placement) => gaps(placement, of(placement), blocks[placement] ?? 0)),
    ...COMPARED_PLACEMENTS.filter((placement) => !placements.includes(placement)).map(
      (placement) => `the ${placement} placement was not swept`,
    ),
    ...strangers.map((p) => `${p.placement} ${name(p)}: crash of another cause: ${p.findings[0]}`),
  ];
  const control = of('in-module').filter(
    (point) => point.outcome === 'crashed' && point.targetCrash,
  );
  if (placements.includes('in-module') && control.length === 0) {
    doubts.push(`the control (in-module) crashed with ${targetCause} at no point`);
  }
  const facts = placements.map((placement) => tally(placement, of(placement)));
  if (subject.length > 0) {
    const where = subject.map(name).join(', ');
    return {
      verdict: 'open',
      exitCode: 1,
      blocks,
      points,
      reasons: [`${SUBJECT} crashed at ${where}`, ...doubts, ...facts],
    };
  }
  if (doubts.length > 0) {
    const exitCode = strangers.length > 0 ? 1 : 125;
    return { verdict: 'inconclusive', exitCode, blocks, points, reasons: [...doubts, ...facts] };
  }
  return { verdict: 'closed', exitCode: 0, blocks, points, reasons: facts };
}

const name = (point: SweepPoint): string =>
  point.point === 'after' ? 'the point after the unload' : `point ${point.point}`;

function gaps(placement: Placement, points: readonly SweepPoint[], blocks: number): string[] {
  const seen = new Set(points.map((point) => point.point));
  const wanted: (number | 'after')[] = [
    ...Array.from({ length: blocks }, (_, i) => i + 1),
    'after',
  ];
  return [
    ...points
      .filter((point) => point.outcome === 'missed' || point.outcome === 'lost')
      .map(
        (point) =>
          `${placement} ${name(point)} was ${point.outcome}: ${point.missed ?? 'no reason known'}`,
      ),
    ...wanted
      .filter((point) => !seen.has(point))
      .map((point) => `${placement}: point ${point} was not tried`),
  ];
}

function tally(placement: Placement, points: readonly SweepPoint[]): string {
  const crashed = points.filter((point) => point.outcome === 'crashed');
  const survived = points.filter((point) => point.outcome === 'survived');
  const where = crashed.length === 0 ? '' : ` (${crashed.map(name).join(', ')})`;
  return `${placement}: survived at ${survived.length} points, crashed at ${crashed.length}${where}`;
}
