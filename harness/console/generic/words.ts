// SPDX-License-Identifier: MIT
import { byFirst } from '../opening.js';

/**
 * Reads a list of function names as a regular expression. Names are apart by blanks; `*` stands
 * for any rest of a name, `(a|b)` for either, `?` makes what is before it optional. Leading
 * underscores of a name are taken off before it is looked up, so they are not written here.
 */
export function names(text: TemplateStringsArray): readonly string[] {
  return text.join('').trim().replaceAll('*', String.raw`\w*`).split(/\s+/);
}

/** Asks of a name whether a list has it. */
export function anyOf(patterns: readonly string[]): (name: string) => boolean {
  const asked = byFirst(
    () => patterns,
    (list) => new RegExp(`^(?:${list.join('|')})$`),
  );
  return (name) => asked(name, name.charCodeAt(0));
}
