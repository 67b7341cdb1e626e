// SPDX-License-Identifier: MIT

/**
 * Characters that a line has, told by one pass over its bytes. Cheap first questions: a line without
 * them needs no search and no expression for what only lines with them are.
 */
export const MARK = {
  /** A control character other than a tab. */
  control: 1,
  /** A byte that is not of ASCII. */
  high: 2,
  x: 4,
  slash: 8,
  /** `D`, as in `PID: 1`. */
  d: 16,
  colon: 32,
} as const;

/** Nothing is known of the line: it may have all of them. */
export const ANY = -1;

const TAB = 9;
const SPACE = 0x20;
const DELETE = 0x7f;
const NAMED: Readonly<Record<string, number>> = {
  x: MARK.x,
  '/': MARK.slash,
  D: MARK.d,
  ':': MARK.colon,
};

const OF = new Uint8Array(256).map((_, byte) => {
  if (byte > DELETE) return MARK.high;
  if (byte === DELETE || (byte < SPACE && byte !== TAB)) return MARK.control;
  return NAMED[String.fromCharCode(byte)] ?? 0;
});

/** The marks of the bytes from `start` up to `end`. */
export function marksOf(bytes: Uint8Array, start: number, end: number): number {
  let marks = 0;
  for (let i = start; i < end; i++) marks |= OF[bytes[i] as number] as number;
  return marks;
}
