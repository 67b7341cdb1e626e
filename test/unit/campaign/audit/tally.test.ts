// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { AuditTally } from '../../../../harness/campaign/audit/tally.js';
import { observed, visitOf } from '../../../support/audit.js';

it('counts modules by their surest word, and the tries on the untouched kernel', () => {
  const tally = new AuditTally(4, 1);
  expect(String(tally)).toBe('1/4 modules');
  const module = 'tun';
  const at = { module, symbol: 'tun_prog_free' };
  tally.add(visitOf(module, [observed('timer', 'pending', at), observed('ktype', 'proven', at)]));
  tally.add(visitOf('act_pedit'));
  expect(String(tally)).toBe('3/4 modules: 1 proven');
  tally.tried();
  expect(String(tally)).toBe('3/4 modules: 1 proven, 1 try without our module');
  tally.tried();
  expect(String(tally)).toBe('3/4 modules: 1 proven, 2 tries without our module');
});
