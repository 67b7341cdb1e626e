// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { DmraceError, headlineOf, isOfKind } from '../../../harness/model/errors.js';

describe('an error for the user', () => {
  it('has a message made of the facts and of nothing else', () => {
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
    expect(full.kind).toBeUndefined();
  });

  it('has a headline: what was seen, and the limit', () => {
    const error = new DmraceError('environment', {
      observed: 'gcc is 7.5',
      limit: 'gcc 8.1 or newer',
      artefact: '/tree/scripts/min-tool-version.sh',
      action: 'install a newer one',
    });
    expect(error.headline).toBe('gcc is 7.5 (limit: gcc 8.1 or newer)');
    expect(error.observedLine).toBe('gcc is 7.5');
    expect(error.message.split('\n')[0]).toBe(error.headline);
  });

  it('keeps to the first line where a tool said more', () => {
    const facts = {
      observed: 'make failed:\n    a.c:1: error',
      limit: 'none',
      action: 'see above',
    };
    const error = new DmraceError('inconclusive', facts);
    expect(error.headline).toBe('make failed:');
    expect(error.observedLine).toBe('make failed:');
  });

  it('may have a kind, which code can match', () => {
    const facts = { observed: 'nm failed', action: 'see above' };
    const failed = new DmraceError('environment', facts, 'tool-failed');
    expect(isOfKind(failed, 'tool-failed')).toBe(true);
    expect(isOfKind(failed, 'run-damaged')).toBe(false);
    expect(isOfKind(new DmraceError('environment', facts), 'tool-failed')).toBe(false);
    expect(isOfKind(new Error('nm failed'), 'tool-failed')).toBe(false);
  });
});

it('whatever was thrown has a headline', () => {
  const facts = { observed: 'a', limit: 'b', action: 'c' };
  expect(headlineOf(new DmraceError('usage', facts))).toBe('a (limit: b)');
  expect(headlineOf(new Error('one\ntwo'))).toBe('one');
  expect(headlineOf('thrown')).toBe('thrown');
});
