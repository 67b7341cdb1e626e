// SPDX-License-Identifier: MIT

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

/** Matches the beginnings of a phrase, from `least` characters on, up to the line's end. */
export function beginningOf(phrase: string, least: number): string {
  let rest = '';
  for (const character of [...phrase.slice(least)].reverse())
    rest = `(?:${escaped(character)}${rest})?`;
  return escaped(phrase.slice(0, least)) + rest;
}

/** A head of which one of these phrases has begun. */
export const torn = (...phrases: readonly (readonly [phrase: string, least: number])[]): RegExp =>
  new RegExp(
    `^(?:CPU \\d+ )?(?:${phrases.map(([text, least]) => beginningOf(text, least)).join('|')})\\s*$`,
  );

/** The head of a trap whose words are whole, but not the code and the count behind them. */
export const dying = (words: string): RegExp =>
  new RegExp(
    `^${words}(?::? ?(?:0x)?[0-9a-f]*:? ?[0-9a-f]*(?: i?l?c?:?\\d?)?(?: \\[(?:#\\d*)?)?)?\\s*$`,
  );
