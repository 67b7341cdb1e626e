// SPDX-License-Identifier: MIT
import type { KernelIdentity } from '../model/kernel-identity.js';
import { SUBJECT } from '../model/role.js';
import type { SweepPoint, SweepResult } from '../model/sweep.js';
import { sweep } from '../scenarios/sweep.js';
import { type Paint, plainTable } from './text.js';

/** What is printed of a sweep. */
export interface SweepView {
  readonly result: SweepResult;
  readonly kernel: KernelIdentity;
  readonly directory: string;
}

/** The one object of `dmrace sweep --format json`. */
export const renderSweepJson = ({ result, kernel, directory }: SweepView): string =>
  `${JSON.stringify({ schema: 1, kind: 'sweep', ...result, kernel, directory }, null, 2)}\n`;

/** What a sweep's verdict says. */
export function sweepSentence(verdict: SweepResult['verdict']): string {
  switch (verdict) {
    case 'closed':
      return sweep.suspect.words.sweepClosed;
    case 'open':
      return `the ${SUBJECT} placement crashed`;
    case 'inconclusive':
      return 'nothing is proven';
  }
}

/** The table of a sweep: a row for each block, a column for each placement. */
export function renderSweepText({ result, kernel, directory }: SweepView, paint: Paint): string {
  const colour = { closed: paint.good, open: paint.bad, inconclusive: paint.doubtful }[
    result.verdict
  ];
  return [
    `${colour(paint.strong(result.verdict))}: ${sweepSentence(result.verdict)} on ${kernel.release} (${kernel.version}, ${kernel.arch})`,
    '',
    ...result.reasons.map((reason) => `  ${reason}`),
    '',
    table(result.points),
    paint.faint('time: ms from step 6 to the block, or to the holder’s turn after the unload'),
    '',
    `artefacts: ${directory}`,
    `judge again: dmrace judge ${directory}`,
    '',
  ].join('\n');
}

function table(points: readonly SweepPoint[]): string {
  const placements = [...new Set(points.map((point) => point.placement))];
  const rows = [...new Set(points.map((point) => point.point))].toSorted((a, b) =>
    a === 'after' ? 1 : b === 'after' ? -1 : a - b,
  );
  return plainTable(
    ['point', 'who', 'waits in', 'during', ...placements.flatMap((p) => ['ms', p])],
    rows.map((row) => {
      const mine = placements.map((placement) =>
        points.find((point) => point.placement === placement && point.point === row),
      );
      const block = mine.find((point) => point?.block)?.block;
      return [
        row,
        block?.who ?? '',
        distinct(mine.map((point) => point?.block?.waitsIn)),
        block?.phase ?? '',
        ...mine.flatMap((point) => [
          point?.sinceStep6Us == null ? '' : (point.sinceStep6Us / 1000).toFixed(3),
          point?.outcome ?? 'not tried',
        ]),
      ];
    }),
  );
}

/** One name when the placements agree, all of them when not. */
const distinct = (names: readonly (string | undefined)[]): string =>
  [...new Set(names.filter((name) => name !== undefined))].join(' / ');
