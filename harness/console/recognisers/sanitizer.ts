// SPDX-License-Identifier: MIT

import { sourceName } from '../frame.js';
import { CIPHERS } from '../generic/index.js';
import type { Recogniser, ReportView } from '../recogniser.js';

/** How the access is told on the line after a KASAN head: mm/kasan/report.c. */
const ACCESS = /^(?:.{0,40}?)\b(Read|Write) (?:of size|at addr) /;

/** The first versions wrote `use after free` and `out of bounds access`: mm/kasan/report.c, v4.0. */
const hyphened = (what: string): string =>
  what.replace(/^(use|out) (after|of) (free|bounds)(?: access)?/, '$1-$2-$3');

function kasanTitle(report: ReportView): string {
  const what = hyphened((report.match.groups?.what ?? '').trim());
  if (/^(?:double-free|invalid-free)/.test(what)) return 'KASAN: invalid-free in {fn}';
  const where = / on address\b/.test(report.match[0]) ? '' : ' in {fn}';
  for (const line of report.lines.slice(1, 16)) {
    const access = ACCESS.exec(line.text);
    if (access) return `KASAN: ${what} ${access[1]}${where}`;
  }
  return report.match[0].includes(' at addr ')
    ? `KASAN: ${what} in {fn} at addr ADDR`
    : `KASAN: ${what} in {fn}`;
}

/** The second function of a race whose head went on in the next line. */
function otherRacer({ match, lines }: ReportView): string | undefined {
  if (!match.input.trimEnd().endsWith(' /')) return undefined;
  return /^[\w.]+$/.exec(lines[1]?.text ?? '')?.[0];
}

/** mm/kasan, mm/kmsan, kernel/kcsan, mm/kfence, lib/ubsan.c: v4.4 to v6.19. */
export const SANITIZER: readonly Recogniser[] = [
  {
    family: 'kasan',
    kind: 'kasan',
    earnedBy: 'syz/linux/216, syz/linux/223, syz/linux/371; checks.log',
    hints: ['BUG: KASAN: ', 'BUG: KASan: '],
    head: /^BUG: KAS(?:AN|an): (?<what>[a-z][\w-]*(?:(?: or |-| )(?!in |on )[a-z][\w-]*)*) (?:in|on) (?:address\b.{0,80}|(?<fn>[A-Za-z_][\w.]*)(?:\+0x[0-9a-f]+\/0x[0-9a-f]+| [\w./-]+:\d+|\s|$)|[\w(]).{0,300}/,
    from: 'order',
    title: kasanTitle,
  },
  {
    // The place did not arrive, or went to the next line.
    family: 'kasan',
    kind: 'kasan',
    earnedBy: 'torn.log',
    hints: ['BUG: KASAN: '],
    head: /^BUG: KASAN: (?<what>[a-z][\w-]*(?:(?: or |-)[a-z][\w-]*)*) in\s*$/,
    from: 'order',
    title: kasanTitle,
    confirm: /^(?:Read|Write|Free) of \w+|^CPU: \d+ .*PID: \d+ .*Comm:/,
  },
  {
    family: 'kmsan',
    kind: 'kmsan',
    earnedBy: 'syz/linux/681',
    hints: ['BUG: KMSAN: '],
    head: /^BUG: KMSAN: (?<what>[a-z][\w-]*(?: [\w-]+)?) in (?<fn>[A-Za-z_][\w.]*)/,
    from: 'order',
    skip: CIPHERS,
    title: (r) => `KMSAN: ${r.match.groups?.what ?? ''} in {fn}`,
  },
  {
    family: 'kcsan',
    kind: 'kcsan',
    earnedBy: 'syz/linux/427',
    hints: ['BUG: KCSAN: '],
    head: /^BUG: KCSAN: (data-race|assert: race) in (?<a>[\w.]+)(?:\+0x[0-9a-f]+\/0x[0-9a-f]+)?(?: \/ (?<b>[\w.]+))?/,
    from: 'none',
    names: (r) => sourceName(r.match.groups?.a ?? ''),
    title: (r) => {
      const { a = '', b = otherRacer(r) } = r.match.groups ?? {};
      const functions = [a, ...(b === undefined ? [] : [b])].map(sourceName).sort();
      return `KCSAN: ${r.match[1]} in ${functions.join(' / ')}`;
    },
  },
  {
    family: 'kfence',
    kind: 'kfence',
    earnedBy: 'syz/linux/593, syz/linux/597',
    hints: ['BUG: KFENCE: '],
    head: /^BUG: KFENCE: (?<what>[a-z][a-z -]{2,40}?) in(?:\s*$| (?<fn>[A-Za-z_][\w.]*))/,
    from: 'order',
    title: (r) => `KFENCE: ${r.match.groups?.what ?? ''} in {fn}`,
  },
  {
    family: 'ubsan',
    kind: 'ubsan',
    earnedBy: 'syz/linux/456, syz/linux/520',
    hints: ['UBSAN: '],
    head: /^UBSAN: (Undefined behaviour|[a-z][a-z-]{3,60}) in (\S{1,300}:\d+:\d+)/,
    from: 'trace',
    title: (r) => `UBSAN: ${(r.match[1] ?? '').toLowerCase().replace(' ', '-')} in {fn}`,
  },
];
