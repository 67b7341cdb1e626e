// SPDX-License-Identifier: MIT
import { traceOnly } from './blame-frames.js';
import type { ReportLine } from './recogniser.js';

/** The lock that the report is about, not those that are held besides. */
const HELD = /^\s*(?:other info that might help|\d+ locks? held by|no locks held)/;
/** The address of the wrong unlock follows on a line of its own: print_unlock_imbalance_bug(). */
const UNLOCKING = /is trying to (?:release|contend) lock .*\bat:\s*$/;

/**
 * A lock that interrupts take must not wait for one that they interrupt: print_bad_irq_dependency(). Who
 * takes the second with the first in hand is anybody; who takes the first in the interrupt is not.
 */
const IN_INTERRUPT = /^\s*(?:\.\.\. )?which became [A-Z-]*irq-safe at:/;

/** The lines of a lockdep report in the order in which they are asked whom to name. */
export function lockOrder(all: readonly ReportLine[], own: readonly ReportLine[]): ReportLine[] {
  const held = own.findIndex((l) => HELD.test(l.text));
  const about = held < 0 ? own : own.slice(0, held);
  const unlocking = about.findIndex((l) => UNLOCKING.test(l.text));
  if (unlocking >= 0) {
    const place = about.slice(unlocking + 1, unlocking + 2);
    return [...place.filter((l) => l.code?.is === 'frame'), ...traceOnly(own)];
  }
  const places = (some: readonly ReportLine[]): ReportLine[] =>
    some.filter((l) => l.code?.is === 'at');
  const inInterrupt = all.findIndex((l) => IN_INTERRUPT.test(l.text));
  if (inInterrupt >= 0) return all.slice(inInterrupt + 1).filter((l) => l.code?.is === 'frame');
  // A report of locks that are held says where they were taken, and no more.
  const at = places(about).length > 0 ? places(about) : places(own);
  const firstTrace = own.findIndex((l) => l.opens);
  const before = own
    .slice(0, firstTrace < 0 ? own.length : firstTrace)
    .filter((l) => l.code?.is === 'frame');
  const chain = all.some((l) => /^\s*-> #\d/.test(l.text));
  return chain ? [...at, ...before, ...traceOnly(own)] : [...at, ...traceOnly(own), ...before];
}
