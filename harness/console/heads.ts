// SPDX-License-Identifier: GPL-2.0-only
import type { ConsoleLine } from './prefix.js';
import type { Recogniser } from './recogniser.js';
import { RECOGNISERS } from './recognisers/index.js';
import type { Report } from './report.js';

/** Panics that only say that another report was fatal: kernel/panic.c, exit.c, hung_task.c, ... */
export const CONSEQUENCE =
  /^Kernel panic - not syncing: ?(?:\S{1,20}: )?(?:Fatal exception|Fatal Machine check|panic_on_warn set|kernel: panic_on_warn|hung_task: blocked tasks|softlockup: hung tasks|RCU Stall|Hard LOCKUP|hard lockup|Aiee, killing interrupt handler|Attempted to kill the idle task|Attempted to kill init! exitcode=0x0000000[0-9a-f]|Machine halted|Oops|BUG!|scheduling while atomic|corrupted stack end|Unrecoverable|kernel stack overflow|[Kk]ernel [Ss]tack|Asynchronous SError|bad mode|Unhandled exception|Lockup|LBUG|panic_on_kmsan|UBSAN|KASAN|KFENCE|KCSAN|sleeping function)/;
/** The recogniser whose head a line is. */
export function recognise(
  text: string,
): { recogniser: Recogniser; match: RegExpExecArray } | undefined {
  // The kernel does not indent its heads; who quotes a report does.
  const message = text.startsWith(' ') ? text.slice(1) : text;
  if (message.startsWith(' ')) return undefined;
  if (message.length > 2000) return undefined;
  for (const recogniser of RECOGNISERS) {
    if (!recogniser.hints.some((hint) => message.includes(hint))) continue;
    const match = recogniser.head.exec(message);
    if (match) return { recogniser, match };
  }
  return undefined;
}

/** Whether nothing but heads was printed so far. */
const headsOnly = ({ lines }: Report): boolean =>
  lines.every((l) => l.text.slice(0, 12) === lines[0]?.text.slice(0, 12));

/** Whether a head met inside a report is that report's own. */
export function isSameIncident(report: Report, next: Recogniser, line: ConsoleLine): boolean {
  if (next.role === 'panic') return CONSEQUENCE.test(line.text) || report.panicked;
  const { recogniser } = report;
  // With line numbers put in, a head is told once for each function inlined there.
  if (
    next.kind === recogniser.kind &&
    report.lines.at(-1)?.text.endsWith(' [inline]') &&
    headsOnly(report)
  )
    return true;
  // A CPU that prints the same head again, or `BUG: memory leak` and the object it is about.
  if (next === recogniser && !report.died && !report.ended && report.head.text === line.text)
    return true;
  if (next === recogniser && next.family === 'kmemleak' && report.lines.length === 1) return true;
  // What cannot be aligned is told as an unhandled fault next.
  if (next.family === 'arm-unhandled' && recogniser.family === 'arm-alignment')
    return !report.died;
  // Modules from outside the tree tell the assertion, then where it is.
  if (
    (next.family === 'spl-panic' && recogniser.family === 'spl-verify') ||
    (next.family === 'lustre-lbug' && recogniser.family === 'lustre-lbug')
  )
    return !report.died;
  // A failed control flow check says what failed, then traps.
  if (
    next.family === 'bug-on' &&
    (recogniser.kind === 'cfi' || recogniser.family === 'rust-panic') &&
    !report.died
  )
    return true;
  // A fault is told twice: what was accessed, then how the kernel died of it.
  if (next.role === 'die')
    return (
      !report.died &&
      !report.ended &&
      (recogniser.from === 'fault' || recogniser.from === 'overflow')
    );
  if (report.recogniser.from === 'interrupted' && next.from === 'interrupted') {
    return !report.ended && recogniser.kind === next.kind;
  }
  return false;
}
