// SPDX-License-Identifier: MIT
import * as Plot from '@observablehq/plot';
import type { TrialResult } from '../../model/trial.js';
import { OUTCOME_STYLES, plotted } from './outcomes.js';

const WIDTH_PX = 580;

/** Each trial's wall-clock time by its index, its outcome as the symbol; one panel a placement. */
export function durationsChart(trials: readonly TrialResult[]): string {
  const points = trials.map(({ placement, index, outcome, durationMs }) => ({
    placement,
    index,
    outcome,
    seconds: durationMs / 1000,
  }));
  return plotted({
    width: WIDTH_PX,
    height: 240,
    marginRight: 70,
    x: { label: 'trial', nice: true, interval: 1, type: 'linear' },
    y: { label: 'wall clock, s', zero: true, nice: true, grid: true },
    fy: { label: null },
    marks: OUTCOME_STYLES.map(({ outcome, colour, symbol }) =>
      Plot.dot(
        points.filter((point) => point.outcome === outcome),
        {
          x: 'index',
          y: 'seconds',
          fy: 'placement',
          symbol,
          r: 3.5,
          stroke: colour,
          strokeWidth: 1.8,
          title: (p: (typeof points)[number]) =>
            `${p.placement} #${p.index}: ${p.outcome}, ${p.seconds.toFixed(1)} s`,
        },
      ),
    ),
  });
}

/** Milliseconds after step 1 of every proven step of every trial: how alike the trials are. */
export function stepTimesChart(trials: readonly TrialResult[]): string {
  const points = trials.flatMap(({ placement, index, steps }) => {
    const first = steps[0];
    return first === undefined
      ? []
      : steps.map((proof) => ({
          placement,
          index,
          step: proof.step,
          ms: (proof.atUs - first.atUs) / 1000,
        }));
  });
  const placements = [...new Set(points.map((point) => point.placement))];
  return plotted({
    width: WIDTH_PX,
    height: 240,
    marginRight: 70,
    x: { label: 'ms after step 1', nice: true, grid: true },
    y: { label: 'step', domain: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10], type: 'band' },
    fy: { label: null, domain: placements },
    marks: [
      Plot.tickX(points, {
        x: 'ms',
        y: 'step',
        fy: 'placement',
        stroke: 'var(--remover)',
        strokeOpacity: 0.65,
        title: (p: (typeof points)[number]) =>
          `${p.placement} #${p.index}, step ${p.step}: ${p.ms.toFixed(3)} ms`,
      }),
    ],
  });
}
