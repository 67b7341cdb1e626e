// SPDX-License-Identifier: MIT
// KTAP, read by the kernel tree's own parser.
import { beforeAll, describe, expect, it } from 'vitest';
import { renderKtap } from '../../harness/report/ktap.js';
import { kunitParse, kunitTool } from '../support/kunit.js';
import { results } from '../support/runs.js';

let tool: string;
beforeAll(async () => {
  tool = await kunitTool();
});

describe('kunit.py parse', () => {
  it.each([
    {
      run: 'closed',
      exitCode: 0,
      summary: 'Ran 2 tests: passed: 2',
      tests: ['builtin/trial 0: PASS', 'in-module/trial 0: PASS'],
    },
    {
      run: 'open',
      exitCode: 1,
      summary: 'Ran 1 tests: failed: 1',
      tests: ['builtin/trial 0: FAIL'],
    },
    {
      run: 'not reached',
      exitCode: 0,
      summary: 'Ran 3 tests: passed: 1, skipped: 2',
      tests: ['builtin/trial 0: SKIP', 'in-module/trial 0: PASS', 'verdict: SKIP'],
    },
    {
      run: 'lost',
      exitCode: 1,
      summary: 'Ran 3 tests: passed: 1, failed: 2',
      tests: ['builtin/trial 0: FAIL', 'in-module/trial 0: PASS', 'verdict: FAIL'],
    },
    {
      run: 'without its control',
      exitCode: 1,
      summary: 'Ran 2 tests: passed: 1, failed: 1',
      tests: ['builtin/trial 0: PASS', 'verdict: FAIL'],
    },
  ])('a run that is $run', async ({ run, exitCode, summary, tests }) => {
    const result = await results[run]?.();
    if (!result) throw new Error(`no run ${run}`);
    const parsed = await kunitParse(tool, renderKtap(result));
    expect(parsed).toEqual({ exitCode, summary: `Testing complete. ${summary}`, tests });
  });

  it('finds fault with what is not KTAP', async () => {
    const result = await results.closed?.();
    if (!result) throw new Error('no run');
    const torn = renderKtap(result).split('\n').slice(0, 8).join('\n');
    // Its exit code only follows the counts.
    expect((await kunitParse(tool, torn)).summary).toMatch(/errors: [1-9]/);
  });
});
