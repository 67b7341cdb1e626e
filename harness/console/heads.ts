// SPDX-License-Identifier: MIT
import { INLINED_HEAD } from './frame.js';
import type { ConsoleLine } from './line.js';
import type { Recogniser } from './recogniser.js';
import type { Report } from './report.js';

/** Panics that only say that another report was fatal: kernel/panic.c, exit.c, hung_task.c, ... */
export const CONSEQUENCE =
  /^Kernel panic - not syncing: ?(?:\S{1,20}: )?(?:Fatal exception|Fatal Machine check|panic_on_warn set|kernel: panic_on_warn|hung_task: blocked tasks|softlockup: hung tasks|RCU Stall|Hard LOCKUP|hard lockup|Aiee, killing interrupt handler|Attempted to kill the idle task|Attempted to kill init! exitcode=0x0000000[0-9a-f]|Machine halted|Oops|BUG!|scheduling while atomic|corrupted stack end|Unrecoverable|kernel stack overflow|[Kk]ernel [Ss]tack|Asynchronous SError|bad mode|Unhandled exception|Lockup|LBUG|panic_on_kmsan|UBSAN|KASAN|KFENCE|KCSAN|sleeping function|Kernel Fault|Bad Address)/;
/** Whether nothing but heads was printed so far. */
const headsOnly = ({ lines }: Report): boolean =>
  lines.every((l) => l.text.slice(0, 12) === lines[0]?.text.slice(0, 12));

/** Whether a head met inside a report is that report's own. */
export function isSameIncident(
  report: Report,
  next: Recogniser,
  line: ConsoleLine,
  match: RegExpExecArray,
): boolean {
  if (next.role === 'panic') return CONSEQUENCE.test(line.text) || report.panicked;
  const { recogniser } = report;
  if (next.message === true) return !report.ended;
  // Two consoles, of which only one prints stamps.
  if (next.role === 'die' && report.lines.at(-1)?.text === line.text) return true;
  // With line numbers put in, a head is told once for each function inlined there.
  if (
    next.kind === recogniser.kind &&
    INLINED_HEAD.test(report.lines.at(-1)?.text ?? '') &&
    headsOnly(report)
  )
    return true;
  if (
    next === recogniser &&
    next.family === 'torn-warning' &&
    report.lines.every((l) => l.code === undefined)
  )
    return true;
  // A CPU that prints the same head again, or `BUG: memory leak` and the object it is about.
  if (
    next === recogniser &&
    next.family !== 'soft-lockup' &&
    !report.died &&
    !report.ended &&
    report.head.text === line.text
  )
    return true;
  if (next === recogniser && next.family === 'kmemleak' && report.lines.length === 1) return true;
  // What cannot be aligned is told as an unhandled fault next.
  if (next.family === 'arm-unhandled' && recogniser.family === 'arm-alignment') return !report.died;
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
    if (report.ended || recogniser.kind !== next.kind) return false;
    return next.family !== 'soft-lockup' || isSameLockup(report, line, match);
  }
  return false;
}

/** Without stamps: after so many lines of other things, CPUs went on in between. */
const RECOVERED = 3;

/**
 * Whether a soft lockup is part of the one before it. CPUs that are stuck at the same time wait for
 * the same thing: one incident. One that had started again, or got stuck only after the other was
 * told, is another. `stuck for 22s!` counts from the moment at which the CPU last did something
 * (kernel/watchdog.c, watchdog_timer_fn()), and grows while it stays stuck.
 */
function isSameLockup(report: Report, line: ConsoleLine, match: RegExpExecArray): boolean {
  const { cpu = '', seconds = '0' } = match.groups ?? {};
  const before = report.stuck?.get(cpu);
  const overlaps =
    report.stuckAt === undefined || line.time === undefined
      ? report.quiet < RECOVERED
      : line.time - Number(seconds) <= report.stuckAt;
  const same = before === undefined ? overlaps : Number(seconds) > before;
  if (same) noteStuck(report, line, match);
  return same;
}

/** Remembers which CPU is stuck, and when that was told. */
export function noteStuck(report: Report, line: ConsoleLine, match: RegExpExecArray): void {
  const { cpu, seconds } = match.groups ?? {};
  if (cpu === undefined || seconds === undefined) return;
  report.stuck ??= new Map();
  report.stuck.set(cpu, Number(seconds));
  report.stuckAt = line.time;
}
