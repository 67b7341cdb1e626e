// SPDX-License-Identifier: GPL-2.0-only
import { expect, it } from 'vitest';
import { DmraceError } from '../../../harness/model/errors.js';

it('a message is made of the facts and of nothing else', () => {
  const bare = new DmraceError('usage', { observed: 'a is 1', action: 'set a to 2' });
  expect(bare.message).toBe('a is 1\n  set a to 2');
  const full = new DmraceError('environment', {
    observed: 'it took 3 ms',
    limit: '2 ms',
    artefact: '/tmp/log',
    action: 'wait',
  });
  expect(full.message).toBe('it took 3 ms (limit: 2 ms)\n  see /tmp/log\n  wait');
  expect(full).toMatchObject({ name: 'DmraceError', code: 'environment' });
});
