// SPDX-License-Identifier: MIT

/** What printk put before a message. */
export interface Stamp {
  /** Seconds since boot. */
  readonly time: number;
  /** `T123` or `C0`, with CONFIG_PRINTK_CALLER. */
  readonly caller: string | undefined;
  /** Where the message begins. */
  readonly end: number;
}

const OPEN = 0x5b;
const CLOSE = 0x5d;
const SPACE = 0x20;
const DOT = 0x2e;
const ZERO = 0x30;

const digitAt = (text: string, at: number): number => {
  const digit = text.charCodeAt(at) - ZERO;
  return digit >= 0 && digit <= 9 ? digit : -1;
};

/**
 * Reads the stamp that a text begins with: print_time() and print_caller() of kernel/printk/printk.c,
 * v6.12, `[    1.234567][ T123] `. By hand, because it is asked of every line of every report; the
 * same as `^\[ {0,7}(\d{1,8}\.\d{6})\](?:\[ *([TC]\d{1,8})\])? ?`.
 */
export function stampOf(text: string): Stamp | undefined {
  if (text.charCodeAt(0) !== OPEN) return undefined;
  let at = 1;
  while (at < 8 && text.charCodeAt(at) === SPACE) at++;
  let time = 0;
  const whole = at;
  for (let d = digitAt(text, at); d >= 0; d = digitAt(text, ++at)) time = time * 10 + d;
  if (at === whole || at > whole + 8 || text.charCodeAt(at) !== DOT) return undefined;
  const part = ++at;
  for (let d = digitAt(text, at); d >= 0 && at < part + 6; d = digitAt(text, ++at)) {
    time = time * 10 + d;
  }
  if (at !== part + 6 || text.charCodeAt(at) !== CLOSE) return undefined;
  const named = callerAt(text, ++at);
  if (named !== undefined) at = named.end;
  // Both are whole numbers below 2^53, so the quotient is the number nearest to what was printed.
  return {
    time: time / 1e6,
    caller: named?.caller,
    end: text.charCodeAt(at) === SPACE ? at + 1 : at,
  };
}

/** `[ T123]`, where it begins at a place of the text. */
function callerAt(text: string, from: number): { caller: string; end: number } | undefined {
  if (text.charCodeAt(from) !== OPEN) return undefined;
  let at = from + 1;
  while (text.charCodeAt(at) === SPACE) at++;
  const name = at;
  const letter = text[at];
  if (letter !== 'T' && letter !== 'C') return undefined;
  at++;
  const digits = at;
  while (digitAt(text, at) >= 0) at++;
  if (at === digits || at > digits + 8 || text.charCodeAt(at) !== CLOSE) return undefined;
  return { caller: text.slice(name, at), end: at + 1 };
}
