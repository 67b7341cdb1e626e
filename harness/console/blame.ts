// SPDX-License-Identifier: MIT
import { callerFirst, faultOrder, isKernelPc, isNextFunction } from './blame-fault.js';
import { type Blame, NOBODY, skipOf, symbolOf, traceOnly, usable } from './blame-frames.js';
import { lockOrder } from './blame-locks.js';
import { blameInterrupted, blameOverflow } from './blame-stall.js';
import { INLINED_HEAD, sourceName } from './frame.js';
import { isMachinery, ownsLocks, titleName } from './generic/index.js';
import { opening } from './opening.js';
import type { ReportLine } from './recogniser.js';
import type { Report } from './report.js';

/** Traces of another moment: where memory was allocated or freed, where a lock was first taken. */
const otherTrace = opening(
  /(?:INFO: )?(?:Allocated|Freed) (?:by task|in )|[Aa]llocated by task|[Ff]reed by task|allocated in |freed in |Uninit was (?:stored|created)|Last potentially related|Second to last|Preemption disabled at|hardirqs last|softirqs last|irq event stamp|\{[A-Z-]+\} state was registered at|(?:last function|Object allocated|Last call_rcu)/,
);
/** The line that says who ran: dump_stack_print_info(), lib/dump_stack.c. */
const namesCpu = opening(/CPU: \d/);

/** Chooses whom the title names. */
export function blame(report: Report): Blame {
  const chosen = choose(report);
  const { name, frame } = chosen.name === '' ? lastResort(report) : chosen;
  return { name: titleName(name, report.recogniser.kind === 'hung-task'), frame };
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
  const skip = skipped(report);
  if (first !== undefined && usable(first, skip))
    return { name: sourceName(first), frame: undefined };
  const hung = report.recogniser.kind === 'hung-task';
  const reliable = pick(tried, skip, true, hung);
  if (reliable.name !== '' || report.mixed !== undefined) return reliable;
  const guess = pick(belowPlace(tried, report), skip, false);
  // What a family passes over on top of helpers is still better than nobody.
  return guess.name === '' && skip !== undefined ? pick(tried, undefined, true) : guess;
}

/**
 * Nothing that a title should name was found: then the counter that was printed, else what the head
 * says. It may be a helper's, or of a CPU that printed at the same time; it is better than nothing.
 */
function lastResort(report: Report): Blame {
  const { from, kind } = report.recogniser;
  if (kind === 'hung-task') return handlerOf(report);
  if (from !== 'fault' && from !== 'order') return NOBODY;
  const counters = report.lines.filter((l) => isKernelPc(l) && symbolOf(l) !== undefined);
  const best =
    counters.find((l) => usable(symbolOf(l) ?? '', undefined)) ??
    counters.find((l) => !isMachinery(sourceName(symbolOf(l) ?? ''))) ??
    (report.mixed === undefined ? helperIn(report, counters.length === 0) : undefined) ??
    counters[0];
  if (best !== undefined)
    return { name: sourceName(symbolOf(best) ?? ''), frame: best.code?.frame };
  const named = headFunction(report);
  return named === undefined ? NOBODY : { name: sourceName(named), frame: undefined };
}

/**
 * The first helper of the trace, when the counter is in what only leads to a fault or notices it, or
 * nowhere.
 */
function helperIn(report: Report, nowhere: boolean): ReportLine | undefined {
  const trace = traceOnly(ownLines(report.lines));
  return (nowhere ? callerFirst(trace) : trace).find((l) => {
    const symbol = symbolOf(l);
    return (
      symbol !== undefined && l.code?.frame.reliable === true && !isMachinery(sourceName(symbol))
    );
  });
}

/** A task that waits in the handler of a fault itself hangs there: for the lock of its memory. */
function handlerOf(report: Report): Blame {
  const line = report.lines.find(
    ({ code }) =>
      code?.is === 'frame' &&
      code.frame.reliable &&
      HANDLER.test(sourceName(code.frame.symbol ?? '')),
  );
  return line === undefined
    ? NOBODY
    : { name: sourceName(symbolOf(line) ?? ''), frame: line.code?.frame };
}
const HANDLER =
  /^_*(?:do_|exc_|handle_|trace_do_)(?:\w+_)?(?:page_fault|addr_fault|mem_abort|DataAbort)$/;

/** A lock handed to its wrapper is the caller's: it was the memory around it that was bad. */
const LOCK_WRAPPER =
  /^\w+_(?:un|try)?lock(?:_(?:nested|irq|irqsave|irqrestore|bh|killable|interruptible|shared|exclusive|common|timeout))?$/;

function skipped(report: Report): RegExp | undefined {
  const skip = skipOf(report);
  if (report.recogniser.from !== 'fault') return skip;
  return skip === undefined ? LOCK_WRAPPER : new RegExp(`${skip.source}|${LOCK_WRAPPER.source}`);
}

/**
 * The part of a trace below the place of the crash, where the trace shows it. What the unwinder
 * found lying on the stack above it is of the machinery that prints.
 */
function belowPlace(tried: readonly ReportLine[], report: Report): readonly ReportLine[] {
  const place = lastResort(report).name;
  const at = tried.findLastIndex(
    (l) => l.code?.frame.reliable === true && sourceName(symbolOf(l) ?? '') === place,
  );
  return place === '' || at < 0 ? tried : tried.slice(at + 1);
}

/**
 * The function in the head, by convention a group named `fn`. With line numbers put in there is a
 * head for each function inlined there; the last is the function that was compiled.
 */
function headFunction({ match, head, lines, recogniser }: Report): string | undefined {
  if (!INLINED_HEAD.test(head.text)) return match.groups?.fn;
  for (const { text } of lines) {
    const next = INLINED_HEAD.test(text) ? undefined : recogniser.head.exec(text);
    if (next === null) return undefined;
    if (next !== undefined) return next.groups?.fn;
  }
  return undefined;
}

function pick(
  lines: readonly ReportLine[],
  skip: RegExp | undefined,
  reliable: boolean,
  hung = false,
): Blame {
  for (const line of lines) {
    const symbol = symbolOf(line);
    const frame = line.code?.frame;
    if (symbol === undefined || frame === undefined || frame.reliable !== reliable) continue;
    if (!reliable && isNextFunction(frame)) continue;
    const own = (line.code?.is === 'at' || hung) && ownsLocks(sourceName(symbol));
    if (own || usable(symbol, skip)) return { name: sourceName(symbol), frame };
  }
  return NOBODY;
}

/** The lines of this crash: without those of other moments. */
function ownLines(lines: readonly ReportLine[]): ReportLine[] {
  const own: ReportLine[] = [];
  let other = false;
  for (const line of lines) {
    // A frame begins no stack.
    if (line.code?.is === 'frame') {
      if (!other) own.push(line);
      continue;
    }
    if (otherTrace(line.text)) other = true;
    else if (line.opens || line.code?.is === 'pc' || namesCpu(line.text)) other = false;
    if (!other) own.push(line);
  }
  return own;
}
