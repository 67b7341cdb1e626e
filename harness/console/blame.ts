// SPDX-License-Identifier: GPL-2.0-only
import { type Blame, NOBODY, symbolOf, TRACE_START, usable } from './blame-frames.js';
import { blameInterrupted, blameOverflow } from './blame-stall.js';
import { sourceName } from './frame.js';
import { titleName } from './generic/index.js';
import type { ReportLine } from './recogniser.js';
import type { Report } from './report.js';

/** Traces of another moment: where memory was allocated or freed, where a lock was first taken. */
const OTHER_TRACE =
  /^\s*(?:Allocated by task|Freed by task|[Aa]llocated by task|[Ff]reed by task|allocated in |freed in |Uninit was (?:stored|created)|Last potentially related|Second to last|Preemption disabled at|hardirqs last|softirqs last|irq event stamp|\{[A-Z-]+\} state was registered at|(?:last function|Object allocated|Last call_rcu))/;
/** Chooses whom the title names. */
export function blame(report: Report): Blame {
  const { name, frame } = choose(report);
  return { name: titleName(name), frame };
}

function choose(report: Report): Blame {
  const { from } = report.recogniser;
  if (from === 'none') return NOBODY;
  if (from === 'interrupted') return blameInterrupted(report);
  if (from === 'overflow') return blameOverflow(report);
  const lines =
    report.mixedAt < report.lines.length ? report.lines.slice(0, report.mixedAt) : report.lines;
  const own = ownLines(lines);
  const tried =
    from === 'fault'
      ? faultOrder(own)
      : from === 'trace'
        ? traceOnly(own)
        : from === 'locks'
          ? lockOrder(lines, own)
          : own.filter((l) => l.code?.is !== 'lr');
  const first = from === 'order' || from === 'fault' ? headFunction(report) : undefined;
  const skip = report.recogniser.skip;
  if (first !== undefined && usable(first, skip))
    return { name: sourceName(first), frame: undefined };
  const reliable = pick(tried, skip, true);
  if (reliable.name !== '' || report.mixed !== undefined) return reliable;
  const guessed = pick(tried, skip, false);
  if (guessed.name !== '' || first === undefined || lines.some((l) => symbolOf(l) !== undefined))
    return guessed;
  // Nothing but the head is left of the report: a generic function is better than none.
  return { name: sourceName(first), frame: undefined };
}

/** The function in the head, by convention a group named `fn`. */
function headFunction(report: Report): string | undefined {
  return report.match.groups?.fn;
}

function pick(lines: readonly ReportLine[], skip: RegExp | undefined, reliable: boolean): Blame {
  for (const line of lines) {
    const symbol = symbolOf(line);
    const frame = line.code?.frame;
    if (symbol === undefined || frame === undefined || frame.reliable !== reliable) continue;
    if (usable(symbol, skip)) return { name: sourceName(symbol), frame };
  }
  return NOBODY;
}

/** The lines of this crash: without those of other moments. */
function ownLines(lines: readonly ReportLine[]): ReportLine[] {
  const own: ReportLine[] = [];
  let other = false;
  for (const line of lines) {
    if (OTHER_TRACE.test(line.text)) other = true;
    else if (TRACE_START.test(line.text) || line.code?.is === 'pc' || /^\s*CPU: \d/.test(line.text))
      other = false;
    if (!other) own.push(line);
  }
  return own;
}

function faultOrder(lines: readonly ReportLine[]): ReportLine[] {
  // The registers of the fault, not of the system call it came from; both are `RIP:`.
  const pc = lines.findIndex((l) => l.code?.is === 'pc' && !l.code.user);
  if (pc < 0) return traceOnly(lines);
  // With line numbers put in, the functions inlined at the fault are told as more `RIP:` lines.
  let end = pc + 1;
  while (lines[end]?.code?.is === 'pc') end++;
  const here = lines.slice(pc, end).filter((l) => l.code?.is === 'pc' && !l.code.user);
  const trace = lines.slice(pc + 1).filter((l) => l.code?.is !== 'pc');
  // A jump to nowhere: whoever called is in the link register, as far as the architecture has one.
  const caller = lines.slice(Math.max(0, pc - 3), pc + 4).filter((l) => l.code?.is === 'lr');
  const nowhere = lines
    .slice(pc, pc + 2)
    .every((l) => l.code?.is !== 'pc' || l.code.frame.symbol === undefined);
  return [...here, ...(nowhere ? caller : []), ...trace];
}

function traceOnly(lines: readonly ReportLine[]): ReportLine[] {
  const start = lines.findIndex((l) => TRACE_START.test(l.text));
  const from = start < 0 ? lines : lines.slice(start);
  return from.filter((l) => l.code?.is === 'frame');
}

function lockOrder(all: readonly ReportLine[], own: readonly ReportLine[]): ReportLine[] {
  const at = own.filter((l) => l.code?.is === 'at');
  const firstTrace = own.findIndex((l) => TRACE_START.test(l.text));
  const before = own
    .slice(0, firstTrace < 0 ? own.length : firstTrace)
    .filter((l) => l.code?.is === 'frame');
  const chain = all.some((l) => /^\s*-> #\d/.test(l.text));
  return chain ? [...at, ...before, ...traceOnly(own)] : [...at, ...traceOnly(own), ...before];
}
