// SPDX-License-Identifier: GPL-2.0-only

/**
 * Reads a list of function names as a regular expression. Names are apart by blanks; `*` stands
 * for any rest of a name, `(a|b)` for either, `?` makes what is before it optional. Leading
 * underscores of a name are taken off before it is looked up, so they are not written here.
 */
export function names(text: TemplateStringsArray): string {
  return text.join('').trim().replaceAll('*', String.raw`\w*`).split(/\s+/).join('|');
}
