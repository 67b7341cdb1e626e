// SPDX-License-Identifier: MIT
import type { Finding } from '../model/finding.js';
import { firstRecord, type GuestRecord } from '../model/record.js';
import type { StepEvidence } from '../model/trial.js';
import { consoleClock } from './console-clock.js';
import type { TraceEvent } from './trace.js';

/**
 * Step 10 of a trial whose kernel panicked in it. The trace was sent before the holder ran again, so
 * it cannot hold that; the crash report can: it names the task that ran. Null when no report names
 * the holder, or when nothing tells where the console lies on the trace's clock.
 */
export function fatalRun(
  console: Uint8Array,
  findings: readonly Finding[],
  events: readonly TraceEvent[],
  records: readonly GuestRecord[],
): StepEvidence | null {
  const holder = firstRecord(records, 'hold')?.pid;
  const crash = findings.find((finding) => holder !== undefined && finding.pid === holder);
  if (!crash) return null;
  const { lines, exact } = consoleClock(console, events);
  const named = lines.find(
    ({ number, text }) =>
      number >= crash.line && number <= crash.lastLine && text.includes(`PID: ${holder} `),
  );
  if (!exact || !named) return null;
  // It ran before the report began; the line that names it is some way into it.
  const head = lines.find(({ number }) => number === crash.line) ?? named;
  return { step: 10, atUs: head.atUs, evidence: named.raw.trim() };
}
