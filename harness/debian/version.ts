// SPDX-License-Identifier: MIT

/** Order of one character outside digits: `~` before the end, letters before the rest. */
function weight(character: string | undefined): number {
  if (character === undefined || /\d/.test(character)) return 0;
  if (character === '~') return -1;
  const code = character.charCodeAt(0);
  return /[A-Za-z]/.test(character) ? code : code + 256;
}

/** One part of a version, as dpkg does it (lib/dpkg/version.c, verrevcmp()). */
function comparePart(left: string, right: string): number {
  let [a, b] = [left, right];
  while (a !== '' || b !== '') {
    while ((a !== '' && !/^\d/.test(a)) || (b !== '' && !/^\d/.test(b))) {
      const difference = weight(a[0]) - weight(b[0]);
      if (difference !== 0) return difference;
      a = a.slice(1);
      b = b.slice(1);
    }
    const [digits = '', others = ''] = [/^\d*/.exec(a)?.[0], /^\d*/.exec(b)?.[0]];
    const difference = Number(digits) - Number(others);
    if (difference !== 0) return difference;
    a = a.slice(digits.length);
    b = b.slice(others.length);
  }
  return 0;
}

/** Compares Debian versions: deb-version(7). Negative when `a` is older. */
export function compareDebianVersions(a: string, b: string): number {
  const split = (text: string): [number, string, string] => {
    const colon = text.indexOf(':');
    const rest = text.slice(colon + 1);
    const dash = rest.lastIndexOf('-');
    return [
      colon < 0 ? 0 : Number(text.slice(0, colon)),
      dash < 0 ? rest : rest.slice(0, dash),
      dash < 0 ? '' : rest.slice(dash + 1),
    ];
  };
  const [left, right] = [split(a), split(b)];
  return left[0] - right[0] || comparePart(left[1], right[1]) || comparePart(left[2], right[2]);
}
