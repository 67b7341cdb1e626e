// SPDX-License-Identifier: MIT
// A real audit, as it was left.
import { expect, it } from 'vitest';
import { readSavedAudit } from '../../../../harness/runs/audit/saved-audit.js';
import { assets } from '../../../../harness/util/assets.js';

it('of Debian’s 6.12 keeps its verdict, its findings and its words', async () => {
  const { result, damage } = await readSavedAudit(assets('test/fixtures/audits/live-6.12'));
  expect(damage).toEqual([]);
  expect(result).toMatchObject({ verdict: 'found', exitCode: 1 });
  expect(
    result.findings.map(({ id, word, address, proof }) => [id, word, address, proof?.tainted]),
  ).toEqual([
    ['class-release:class_release', 'proven', 'zram_control_class+0x28 [unloaded zram]', true],
    ['disk-fops:disk_release', 'proven', 'zram_devops+0x50 [unloaded zram]', true],
    ['rcu-callback:tun:tun_prog_free', 'proven', 'tun_prog_free+0x0 [unloaded tun]', false],
    ['unload-waits:i2c_stub', 'waits', null, undefined],
    ['unload-waits:snd_aloop', 'waits', null, undefined],
  ]);
  expect(result.visits.filter(({ observations }) => observations.length === 0)).toMatchObject([
    { module: 'act_pedit', end: { is: 'unloaded' } },
  ]);
  expect(
    result.control.every(({ found, planted, flagged }) => found === planted && flagged === 0),
  ).toBe(true);
});
