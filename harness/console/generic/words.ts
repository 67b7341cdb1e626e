// SPDX-License-Identifier: MIT

/**
 * Reads a list of function names as a regular expression. Names are apart by blanks; `*` stands
 * for any rest of a name, `(a|b)` for either, `?` makes what is before it optional. Leading
 * underscores of a name are taken off before it is looked up, so they are not written here.
 */
export function names(text: TemplateStringsArray): readonly string[] {
  return text.join('').trim().replaceAll('*', String.raw`\w*`).split(/\s+/);
}

/** Asks of a name whether a list has it; the list is sorted by first letters, for speed. */
export function anyOf(patterns: readonly string[]): (name: string) => boolean {
  const byLetter = new Map<string, string[]>();
  for (const pattern of patterns) {
    // A pattern that begins with a group or a `*`, or whose first letter is optional, fits several.
    const letter = /^[A-Za-z0-9](?![?*])/.exec(pattern)?.[0] ?? '';
    byLetter.set(letter, [...(byLetter.get(letter) ?? []), pattern]);
  }
  const whole = new Map(
    [...byLetter].map(([key, list]) => [key, new RegExp(`^(?:${list.join('|')})$`)]),
  );
  const wild = whole.get('');
  return (name) => {
    const own = whole.get(name.charAt(0));
    return (own?.test(name) ?? false) || (wild?.test(name) ?? false);
  };
}
