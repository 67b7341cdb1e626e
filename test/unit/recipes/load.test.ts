// SPDX-License-Identifier: MIT
// A load that let go of the CPU before the unload, in the records of a real trial.
import { beforeAll, expect, it } from 'vitest';
import { judgeTrial } from '../../../harness/judge/trial.js';
import type { TrialFiles } from '../../../harness/model/trial.js';
import { readSavedRun } from '../../../harness/runs/saved-run.js';
import { assets } from '../../../harness/util/assets.js';

let files: TrialFiles;
beforeAll(async () => {
  const { counted } = await readSavedRun(assets('test/fixtures/run-directories/attribution'));
  const subject = counted.whole.find(({ result }) => result.placement === 'builtin');
  if (!subject) throw new Error('the fixture has no builtin trial');
  files = subject.files;
});

it('is a doubt about the window, even where the holder did not run', () => {
  const records = files.records.replace('"gaveUp":0', '"gaveUp":1');
  expect(records).not.toBe(files.records);
  const result = judgeTrial({ ...files, records });
  expect(result).toMatchObject({ outcome: 'not-reached', reached: false });
  expect(result.reasons.join('\n')).toMatch(
    /^the load gave up after \d+ ms, before the unload was done$/m,
  );
  expect(result.steps.map(({ step }) => step)).toContain(9);
});

it('is none where it held out', () => {
  expect(judgeTrial(files)).toMatchObject({ outcome: 'survived', reached: true, reasons: [] });
});
