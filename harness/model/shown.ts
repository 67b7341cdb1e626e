// SPDX-License-Identifier: MIT

/**
 * Characters that a terminal obeys instead of showing them: C0 and C1 but for tab and newline
 * (ECMA-48, 5.2 and 5.3), DEL, and those that turn the direction of text (Unicode Standard Annex
 * 9, 2).
 */
const OBEYED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;
/** As {@link OBEYED}, but lets the colours pass that picocolors makes: `ESC [ numbers m`. */
const OBEYED_BUT_COLOURS =
  /\u001b(?!\[[0-9;]*m)|[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** As JSON writes it, so that JSON stays JSON. */
const escaped = (sign: string): string => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** Text with its control characters shown; tabs and newlines stay. */
export const shown = (text: string): string => text.replaceAll(OBEYED, escaped);

/** As {@link shown}, for text that this program has coloured itself. */
export const shownColoured = (text: string): string => text.replaceAll(OBEYED_BUT_COLOURS, escaped);

/** A value of plain objects, arrays and maps with every text in it as {@link shown}. */
export function shownDeep<T>(value: T): T {
  const of = (one: unknown): unknown => {
    if (typeof one === 'string') return shown(one);
    if (Array.isArray(one)) return one.map(of);
    if (one instanceof Map) return new Map([...one].map(([key, its]) => [of(key), of(its)]));
    if (typeof one !== 'object' || one === null) return one;
    if (Object.getPrototypeOf(one) !== Object.prototype) return one;
    return Object.fromEntries(Object.entries(one).map(([key, its]) => [shown(key), of(its)]));
  };
  return of(value) as T; // of() keeps the form of what it is given
}
