// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { liveTitle } from '../../../harness/cli/progress.js';

describe('progress', () => {
  it('a live title has the time in whole seconds', () => {
    expect(liveTitle('Trials', '1/4', 12_999)).toBe('Trials · 1/4 · 12 s');
    expect(liveTitle('Kernel', '', 0)).toBe('Kernel · 0 s');
  });
});
