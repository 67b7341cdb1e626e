// SPDX-License-Identifier: MIT
// The picture of a guest with two processors, of a real run.
import { beforeAll, expect, it } from 'vitest';
import { renderJson } from '../../../../harness/report/json.js';
import { timelineOf } from '../../../../harness/report/timeline/build.js';
import type { Timeline } from '../../../../harness/report/timeline/model.js';
import { noteOf, readSavedRun, type SavedRun } from '../../../../harness/runs/saved-run.js';
import { assets } from '../../../../harness/util/assets.js';

const timeline = async (run: string): Promise<[SavedRun, Timeline]> => {
  const saved = await readSavedRun(assets('test/fixtures/run-directories', run));
  const [first] = saved.counted.whole;
  if (!first) throw new Error(`${run} has no trial`);
  return [saved, timelineOf(first.files, first.result)];
};

let saved: SavedRun;
let two: Timeline;
beforeAll(async () => {
  [saved, two] = await timeline('cpus');
});

it('has a lane for each processor, and none for idle', () => {
  const labels = two.lanes.map(({ label }) => label);
  expect(labels).toEqual(expect.arrayContaining(['CPU 0', 'CPU 1']));
  expect(labels).not.toContain('idle');
  expect(two.segments.some(({ lane, cpu }) => lane === 'cpu-1' && cpu === 1)).toBe(true);
});

it('shows the parties on the first processor only, once the removal has begun', () => {
  // Before that each is born somewhere and goes there.
  const from = two.steps.find(({ step }) => step === 2)?.atUs ?? 0;
  const parties = two.segments.filter(
    ({ lane, is, startUs }) =>
      is === 'runs' && startUs >= from && /^(holder|remover|load)$/.test(lane),
  );
  expect(parties.length).toBeGreaterThan(0);
  expect([...new Set(parties.map(({ cpu }) => cpu))]).toEqual([0]);
});

it('never shows two at once in the lane of one processor', () => {
  for (const id of ['cpu-0', 'cpu-1']) {
    const runs = two.segments
      .filter(({ lane }) => lane === id)
      .toSorted((a, b) => a.startUs - b.startUs || a.endUs - b.endUs);
    runs.slice(1).forEach((run, at) => {
      expect(run.startUs).toBeGreaterThanOrEqual(runs[at]?.endUs ?? 0);
    });
  }
});

it('has no such lanes with one processor', async () => {
  const [, one] = await timeline('attribution');
  expect(one.lanes.filter(({ label }) => label.startsWith('CPU'))).toEqual([]);
});

it('stands beside the number in the note, the question and JSON; the window was reached', () => {
  expect(noteOf(saved).cpus).toBe(2);
  expect(saved.result.question.cpus).toBe(2);
  expect(renderJson(saved.result, {})).toMatchObject({ cpus: 2 });
  expect(saved.result.placements.builtin).toMatchObject({ reached: 1, crashed: 0 });
});
