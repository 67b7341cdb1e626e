// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import type { VisitEnd } from '../../../../harness/model/audit.js';
import { visitText } from '../../../../harness/report/audit/result.js';
import { VisitJson } from '../../../../harness/runs/audit/visit-json.js';
import { visitOf } from '../../../support/audit.js';

const FAILED: VisitEnd = { is: 'exercise-failed', command: 'mdadm --create', why: 'it is there' };

it('says that nothing was seen, never that a module is clean', () => {
  expect(visitText(visitOf('act_pedit'))).toBe('nothing seen with this exercise');
});

it('of a visit that was made again in a fresh guest tells both ends', () => {
  const again = { ...visitOf('raid1'), usedGuestEnd: FAILED };
  expect(visitText(again)).toBe(
    'nothing seen with this exercise (in a fresh guest; where others had been visited: its exercise failed: mdadm --create: it is there)',
  );
  expect(visitText({ ...again, end: FAILED })).toMatch(
    /^its exercise failed: .*\(in a fresh guest/,
  );
  expect(VisitJson.parse(JSON.parse(JSON.stringify(again)))).toEqual(again);
});
