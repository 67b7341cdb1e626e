// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Stamp, stampOf } from '../../../harness/console/stamp.js';

const STAMP = /^\[ {0,7}(\d{1,8}\.\d{6})\](?:\[ *([TC]\d{1,8})\])? ?/;

/** The same by the expression that it stands for. */
function byExpression(text: string): Stamp | undefined {
  const match = STAMP.exec(text);
  if (match === null) return undefined;
  return { time: Number(match[1]), caller: match[2], end: match[0].length };
}

describe('printk stamps read by hand', () => {
  test.each([
    '[    0.000000] Linux version',
    '[12345678.654321][ T123] x',
    '[    7.000001][C0]x',
    '[    7.000001] [ T12] x',
    '[    7.000001][ T123456789] x',
    '[    7.00001] five digits',
    '[    7.0000001] seven digits',
    '[123456789.000000] nine digits',
    '[        1.000000] eight blanks',
    '[       1.000000] seven blanks',
    '[.000000]',
    '[    7.000001',
    '',
  ])('%s', (text) => {
    expect(stampOf(text)).toEqual(byExpression(text));
  });

  test('say what the expression says', () => {
    const piece = fc.constantFrom(
      '[',
      ']',
      ' ',
      '.',
      '0',
      '7',
      '12',
      '123456',
      '[    1.234567]',
      '[ T1]',
      'C',
      'x',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = `[${pieces.join('')}`;
        expect(stampOf(text)).toEqual(byExpression(text));
      }),
      { numRuns: 5000 },
    );
  });

  test('tell the time to the last digit', () => {
    fc.assert(
      fc.property(fc.nat(99_999_999), fc.nat(999_999), (seconds, micros) => {
        const text = `[${seconds}.${String(micros).padStart(6, '0')}] x`;
        expect(stampOf(text)?.time).toBe(Number(text.slice(1, text.indexOf(']'))));
      }),
    );
  });
});
