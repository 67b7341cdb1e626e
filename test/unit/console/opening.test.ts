// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { opening } from '../../../harness/console/opening.js';
import { bytes, readCases } from './support.js';

/** One of each way in which an alternative may begin. */
const FORMS: readonly RegExp[] = [
  /Call [Tt]race:|Backtrace:|stack backtrace:/,
  /(?:Read|Write) of size|(?:a|b)?c|\d+ locks?|R[A-Z]? ?:/,
  /==+$|--+$|---\[|\[[0-9a-f]{8,16}\] pgd|<\/?[A-Z#]+>/,
  /[ >]ff: |\w+ x|x{0,3}y|(?:[rgs]\d+ ?: |sp : )/,
  /CPU: \d|(?:INFO: )?(?:Allocated|Freed) by|\{[A-Z-]+\} state/,
  /[^a]b|a*b|(?:)z|\(\[|\|\|/,
];

const lines = [
  ...['x86.log', 'arch.log', 'arm64.log', 'checks.log', 'locks.log', 'stalls.log'].flatMap(
    readCases,
  ),
].flatMap(({ log }) => new TextDecoder('latin1').decode(bytes(log)).split('\n'));

describe.each(FORMS)('%s', (forms) => {
  const asked = opening(forms);
  const plain = new RegExp(`^\\s*(?:${forms.source})`);

  test('says of the lines of recorded reports what the expression says', () => {
    for (const line of lines) {
      const message = line.replace(/^\[ *\d+\.\d+\] /, '');
      for (const text of [line, message, ` ${message}`, `\t  ${message.trimStart()}`])
        expect([text, asked(text)]).toEqual([text, plain.test(text)]);
    }
  });

  test('and of any other', () => {
    const piece = fc.constantFrom(
      ...' \t\u00a0>=-[({<|'.split(''),
      ...['a', 'b', 'c', 'x', 'y', 'z', 'ff: ', 'R', 'RA', ':', '3 lock', 'r1', 'sp : ', '\u00e9'],
      ...['Call ', 'Trace:', 'Read', ' of size', 'CPU: 1', 'INFO: ', 'Freed by', '{IN} state'],
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 6 }), (parts) => {
        const text = parts.join('');
        expect([text, asked(text)]).toEqual([text, plain.test(text)]);
      }),
      { numRuns: 2000 },
    );
  });
});
