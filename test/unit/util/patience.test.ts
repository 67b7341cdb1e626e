// SPDX-License-Identifier: MIT
import { afterEach, expect, it } from 'vitest';
import { patienceParameters } from '../../../harness/guest/patience.js';
import { patience, patient, setPatience } from '../../../harness/util/patience.js';

afterEach(() => setPatience(1));

it('multiplies a deadline; nobody’s is 1', () => {
  expect([patience(), patient(20_000), patienceParameters()]).toEqual([1, 20_000, []]);
  setPatience(2.5);
  expect([patience(), patient(20_000)]).toEqual([2.5, 50_000]);
  expect(patienceParameters()).toEqual(['dmrace.ports-ms=25000']);
});

it.each([0.4, 101, Number.NaN])('%s is none', (factor) => {
  expect(() => setPatience(factor)).toThrow(RangeError);
});
