// SPDX-License-Identifier: MIT
import * as Plot from '@observablehq/plot';
import type { Outcome } from '../../model/outcome.js';
import type { Placement } from '../../model/placement.js';
import { OUTCOME_STYLES, plotted } from './outcomes.js';

const WIDTH_PX = 1180;
const ROW_PX = 20;

/** What is drawn of a point of a sweep. */
export interface SweepMark {
  readonly placement: Placement;
  /** Number of the remover's block at which the holder ran; `after` is after the unload. */
  readonly point: number | 'after';
  readonly block: { readonly who: string; readonly waitsIn: string; readonly phase: string } | null;
  /** Microseconds from step 6 to the moment the holder ran; null when it is not known. */
  readonly sinceStep6Us: number | null;
  readonly outcome: Outcome | 'missed';
}

const rowOf = ({ point, block }: SweepMark): string =>
  point === 'after'
    ? 'after the unload'
    : `${point} ${block ? `${block.who}: ${block.waitsIn}` : ''}`;

/**
 * The sweep: a row for each place where the remover blocked, in its order, a panel for each
 * placement. The mark says how the trial ended in which the holder ran there, and when that was.
 */
export function sweepChart(points: readonly SweepMark[]): string {
  const marks = points.map((point) => ({
    placement: point.placement,
    row: rowOf(point),
    outcome: point.outcome,
    // Without a time it is drawn at the left edge, so that no point is dropped in silence.
    ms: (point.sinceStep6Us ?? 0) / 1000,
    says: [
      `${point.placement}, ${rowOf(point)}: ${point.outcome}`,
      point.block ? `during ${point.block.phase}` : '',
      point.sinceStep6Us === null
        ? 'time unknown'
        : `${(point.sinceStep6Us / 1000).toFixed(3)} ms after step 6`,
    ]
      .filter((line) => line !== '')
      .join('\n'),
  }));
  const order = (point: SweepMark): number =>
    point.point === 'after' ? Number.POSITIVE_INFINITY : point.point;
  const rows = [...new Set(points.toSorted((a, b) => order(a) - order(b)).map(rowOf))];
  return plotted({
    width: WIDTH_PX,
    height: 70 + rows.length * ROW_PX,
    marginLeft: 230,
    marginTop: 34,
    x: { label: 'ms after step 6', nice: true, grid: true },
    y: { type: 'band', domain: rows, label: null, tickSize: 0 },
    fx: { label: null },
    marks: [
      Plot.ruleY(rows, { y: (row: string) => row, stroke: 'var(--hairline)' }),
      OUTCOME_STYLES.map(({ outcome, colour, symbol }) =>
        Plot.dot(
          marks.filter((mark) => mark.outcome === outcome),
          {
            x: 'ms',
            y: 'row',
            fx: 'placement',
            symbol,
            r: 4,
            stroke: colour,
            strokeWidth: 2,
            title: 'says',
          },
        ),
      ),
    ],
  });
}
