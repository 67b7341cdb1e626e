// SPDX-License-Identifier: MIT
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { durationsChart, stepTimesChart } from '../../../harness/report/plots/campaign.js';
import { type SweepMark, sweepChart } from '../../../harness/report/plots/sweep.js';
import { result } from '../judge/support.js';

const titles = (svg: string): string[] =>
  [...parseHTML(`<html><body>${svg}</body></html>`).document.querySelectorAll('title')].map(
    (title) => title.textContent ?? '',
  );

describe('the plots of a campaign', () => {
  const trials = [0, 1, 2].flatMap((index) => [
    result({
      index,
      durationMs: 1000 + index,
      steps: [1, 5].map((step) => ({ step, atUs: 1000 * step, evidence: '' })),
    }),
    result({
      index,
      placement: 'in-module',
      outcome: index === 2 ? 'lost' : 'crashed',
      durationMs: 2000,
    }),
  ]);

  it('have a mark for every trial, whatever became of it', () => {
    expect(titles(durationsChart(trials)).toSorted()).toEqual([
      'builtin #0: survived, 1.0 s',
      'builtin #1: survived, 1.0 s',
      'builtin #2: survived, 1.0 s',
      'in-module #0: crashed, 2.0 s',
      'in-module #1: crashed, 2.0 s',
      'in-module #2: lost, 2.0 s',
    ]);
  });

  it('have a mark for every proven step', () => {
    expect(titles(stepTimesChart(trials))).toHaveLength(6);
    expect(titles(stepTimesChart(trials))).toContain('builtin #1, step 5: 4.000 ms');
  });
});

describe('the plot of a sweep', () => {
  const block = { who: 'remover', waitsIn: 'synchronize_rcu', phase: 'unload' };
  const points: SweepMark[] = [
    {
      placement: 'in-module',
      point: 'after',
      block: null,
      sinceStep6Us: 80_000,
      outcome: 'crashed',
    },
    { placement: 'in-module', point: 1, block, sinceStep6Us: 1234, outcome: 'survived' },
    { placement: 'builtin', point: 1, block, sinceStep6Us: null, outcome: 'missed' },
    { placement: 'builtin', point: 10, block, sinceStep6Us: 5000, outcome: 'lost' },
  ];

  it('has a mark for every point, also for one that was missed', () => {
    expect(titles(sweepChart(points)).toSorted()).toEqual([
      'builtin, 1 remover: synchronize_rcu: missed\nduring unload\ntime unknown',
      'builtin, 10 remover: synchronize_rcu: lost\nduring unload\n5.000 ms after step 6',
      'in-module, 1 remover: synchronize_rcu: survived\nduring unload\n1.234 ms after step 6',
      'in-module, after the unload: crashed\n80.000 ms after step 6',
    ]);
  });

  it('has its rows in the order of the removal', () => {
    const svg = sweepChart(points);
    const places = ['>1 remover', '>10 remover', '>after the unload'].map((row) =>
      svg.indexOf(row),
    );
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places[0]).toBeGreaterThan(0);
  });
});
