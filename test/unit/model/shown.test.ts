// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shown, shownColoured, shownDeep } from '../../../harness/model/shown.js';

const OBEYED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

describe('text that is printed', () => {
  it('has no character left that a terminal obeys, and says which there were', () => {
    expect(shown('a\u001b[2J\u009b31m\u0007\r\u202eb')).toBe(
      'a\\u001b[2J\\u009b31m\\u0007\\u000d\\u202eb',
    );
    expect(shown('tabs\tand\nlines stay, ü too')).toBe('tabs\tand\nlines stay, ü too');
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !OBEYED.test(shown(text))));
  });
  it('keeps JSON what it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(JSON.parse(shown(JSON.stringify(text)))).toBe(text);
      }),
    );
  });
  it('keeps colours of our own, and nothing else that begins like them', () => {
    expect(shownColoured('\u001b[31mred\u001b[39m \u001b[1;2m \u001b[2J \u001b]0;t\u0007')).toBe(
      '\u001b[31mred\u001b[39m \u001b[1;2m \\u001b[2J \\u001b]0;t\\u0007',
    );
  });
  it('is shown wherever it is in a value', () => {
    const value = { a: ['\u001b'], m: new Map([['k', { b: '\u009b' }]]), n: 1, z: null };
    expect(shownDeep(value)).toEqual({
      a: ['\\u001b'],
      m: new Map([['k', { b: '\\u009b' }]]),
      n: 1,
      z: null,
    });
  });
});
