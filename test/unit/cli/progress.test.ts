// SPDX-License-Identifier: GPL-2.0-only
import { describe, expect, it } from 'vitest';
import { liveTitle } from '../../../harness/cli/progress.js';
import { Tally } from '../../../harness/cli/tally.js';

describe('progress', () => {
  it('counts trials by placement and outcome', () => {
    const tally = new Tally(4);
    expect(String(tally)).toBe('0/4');
    tally.add({ placement: 'builtin', outcome: 'survived' });
    tally.add({ placement: 'in-module', outcome: 'crashed' });
    tally.add({ placement: 'builtin', outcome: 'survived' });
    tally.add({ placement: 'builtin', outcome: 'lost' });
    expect(String(tally)).toBe('4/4: builtin 2 survived 1 lost, in-module 1 crashed');
  });

  it('a live title has the time in whole seconds', () => {
    expect(liveTitle('Trials', '1/4', 12_999)).toBe('Trials · 1/4 · 12 s');
    expect(liveTitle('Kernel', '', 0)).toBe('Kernel · 0 s');
  });
});
