// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { Tally } from '../../../harness/campaign/tally.js';

it('a tally counts trials by placement and outcome', () => {
  const tally = new Tally(4);
  expect(String(tally)).toBe('0/4');
  tally.add({ placement: 'builtin', outcome: 'survived' });
  tally.add({ placement: 'in-module', outcome: 'crashed' });
  tally.add({ placement: 'builtin', outcome: 'survived' });
  tally.add({ placement: 'builtin', outcome: 'lost' });
  expect(String(tally)).toBe('4/4: builtin 2 survived 1 lost, in-module 1 crashed');
});
