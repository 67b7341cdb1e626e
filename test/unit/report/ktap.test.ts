// SPDX-License-Identifier: MIT
// The kernel's own parser reads it in test/formats/ktap.test.ts.
import { describe, expect, it } from 'vitest';
import type { RunResult } from '../../../harness/model/verdict.js';
import { renderKtap } from '../../../harness/report/ktap.js';
import { results } from '../../support/runs.js';

const run = async (name: string): Promise<RunResult> => {
  const result = await results[name]?.();
  if (!result) throw new Error(`no run ${name}`);
  return result;
};

describe('KTAP', () => {
  it('a closed run: the control passes by its crash, whose address is named', async () => {
    expect(renderKtap(await run('closed')).split('\n')).toEqual([
      'KTAP version 1',
      '1..2',
      '  KTAP version 1',
      '  # Subtest: builtin',
      '  1..1',
      '  ok 1 trial 0',
      'ok 1 builtin',
      '  KTAP version 1',
      '  # Subtest: in-module',
      '  1..1',
      '  # trial 0: release-in-unloaded-text: BUG: unable to handle kernel paging request in dm_kobject_release at dm_kobject_release+0xe [unloaded dm_mod]',
      '  ok 1 trial 0',
      'ok 2 in-module',
      '# closed: builtin: 1 trial reached the window, none crashed',
      '# closed: in-module: 1 of 1 trial crashed with release-in-unloaded-text',
      '',
    ]);
  });

  it.each([
    ['open', /^ {2}not ok 1 trial 0 # disk-release-fops: .* reading dm_blk_dops\+0x58/m],
    ['not reached', /^ {2}ok 1 trial 0 # SKIP step 3: /m],
    ['not reached', /^ok 1 builtin # SKIP no trial reached the window$/m],
    ['not reached', /^ok 3 verdict # SKIP inconclusive: /m],
    ['lost', /^ {2}not ok 1 trial 0 # ERROR no closing record: QEMU ended by itself/m],
    ['without its control', /^not ok 2 verdict # ERROR inconclusive: the control/m],
  ])('a run that is %s says %s', async (name, line) => {
    expect(renderKtap(await run(name))).toMatch(line);
  });

  it('a placement without a trial is an error, not an empty plan', async () => {
    const closed = await run('closed');
    const trials = closed.trials.filter((trial) => trial.placement === 'builtin');
    const text = renderKtap({ ...closed, verdict: 'inconclusive', trials });
    expect(text).toMatch(/^not ok 2 in-module # ERROR no trial can be judged$/m);
    expect(text).not.toContain('1..0');
  });

  it('no text from a guest can add a line or a directive', async () => {
    const lost = await run('lost');
    const trials = lost.trials.map((trial) => ({
      ...trial,
      reasons: ['x # SKIP\nok 7 forged\n# Subtest: y'],
    }));
    const text = renderKtap({ ...lost, trials, reasons: ['\nok 9 z # SKIP'] });
    expect(text).not.toMatch(/^\s*ok [79]/m);
    expect(text.match(/# SKIP/g)).toBeNull();
  });
});
