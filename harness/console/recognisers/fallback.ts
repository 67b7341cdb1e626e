// SPDX-License-Identifier: MIT
import type { Recogniser } from '../recogniser.js';

/**
 * Heads that nobody foresaw. The kernel's checks announce themselves as `BUG: ` or `WARNING: ` and
 * dump the stack right below; others who use the words do not.
 */
const DUMPED = /^CPU: \d+ .*PID: \d+ .*Comm: \S/;

/** Words of a title without what differs from boot to boot. */
const stable = (text: string): string =>
  text
    .replace(/\b(?:0x)?[0-9a-f]{8,16}\b/g, 'ADDR')
    .replace(/\b\d+\b/g, 'NUM')
    .trim()
    .slice(0, 100);

export const FALLBACK: readonly Recogniser[] = [
  {
    family: 'other-bug',
    kind: 'other',
    earnedBy: 'naming.log',
    hints: ['BUG: '],
    head: /^BUG: ("?[A-Za-z].{2,200})$/,
    from: 'trace',
    title: (r) => `BUG: ${stable(r.match[1] ?? '')} in {fn}`,
    confirm: DUMPED,
    confirmWithin: 4,
  },
  {
    family: 'other-warning',
    kind: 'warning',
    earnedBy: 'naming.log',
    hints: ['WARNING: '],
    head: /^WARNING: ([A-Za-z].{2,200})$/,
    from: 'trace',
    title: (r) => `WARNING: ${stable(r.match[1] ?? '')} in {fn}`,
    confirm: DUMPED,
    confirmWithin: 4,
  },
];
