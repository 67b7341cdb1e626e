// SPDX-License-Identifier: MIT
import type { Finding } from '../model/finding.js';
import { causeIn } from '../model/qemu-said.js';
import { announcedTraceBytes, type GuestRecord, recordsOf } from '../model/record.js';
import type { TrialFiles } from '../model/trial.js';

/** How a trial's report ended, and what is wrong with that. */
export interface Ending {
  /**
   * `closed`: by its closing record. `panicked`: by the kernel, after the guest had sent all that
   * proves the window. `cut`: anything else, and {@link problems} says what.
   */
  readonly how: 'closed' | 'panicked' | 'cut';
  /** Each makes the trial lost. */
  readonly problems: readonly string[];
  /** Events that the guest's trace buffer lost, by its own count. */
  readonly traceLost: number;
}

/**
 * Whether the guest said its last word for this very trial, and why not. A record with a nonce that
 * is not the trial's proves nothing: it is reported and the trial is lost.
 *
 * A guest whose kernel panics cannot close its report. Its trial is not lost when everything was
 * said before: see {@link panicProblems}.
 */
export function endingOf(
  files: TrialFiles,
  records: readonly GuestRecord[],
  findings: readonly Finding[],
): Ending {
  const { nonce } = files.note.plan;
  const closings = recordsOf(records, 'closing');
  const windows = recordsOf(records, 'window');
  const ours = closings.filter((r) => r.nonce === nonce);
  const problems = [...closings, ...windows]
    .filter((r) => r.nonce !== nonce)
    .map((r) => `${r.kind} record with the nonce "${r.nonce}", which is not this trial's`);
  for (const kind of [ours, windows]) {
    if (kind.length > 1) {
      problems.push(`${kind.length} ${kind[0]?.kind} records where one was due`);
    }
  }
  const traceLost = ours.at(-1)?.traceLost ?? windows.at(-1)?.traceLost ?? 0;
  const bytes = files.trace.length; // latin1: one character a byte
  const announced = announcedTraceBytes([...windows, ...ours]);
  const size =
    bytes === announced ? [] : [`the trace has ${bytes} bytes, the guest sent ${announced}`];
  if (ours.length > 0) {
    if (files.note.end.how !== 'closing') {
      problems.push(`the guest closed its report, but ${endOf(files)}`);
    }
    return { how: 'closed', problems: [...problems, ...size], traceLost };
  }
  const against = panicProblems(files, windows.length === 1, findings);
  if (against === null) {
    return { how: 'cut', problems: [...problems, `no closing record: ${endOf(files)}`], traceLost };
  }
  return { how: 'panicked', problems: [...problems, ...against, ...size], traceLost };
}

/**
 * What speaks against taking a panic for the end of a trial; null when it is none. It ends a trial
 * when the guest had reported its window before (record `window`, sent while the holder was still
 * kept off the CPU), the console tells of a crash and then of a panic, and QEMU ended as it does
 * when its guest reboots (`panic=-1` and `-no-reboot`: with 0, and by itself).
 */
function panicProblems(
  files: TrialFiles,
  reported: boolean,
  findings: readonly Finding[],
): string[] | null {
  const { end } = files.note;
  const [first] = findings;
  if (!reported || !first || end.how !== 'machine-ended' || !panickedAfter(files.console, first)) {
    return null;
  }
  return end.exitCode === 0 && end.signal === null
    ? []
    : [`the kernel panicked, but ${endOf(files)}`];
}

/** kernel/panic.c, panic() (v6.12: vpanic()); the report's own lines come first. */
function panickedAfter(console: Uint8Array, finding: Finding): boolean {
  return new TextDecoder('latin1')
    .decode(console)
    .split('\n')
    .some((line, at) => at >= finding.line && line.includes('Kernel panic - not syncing: '));
}

function endOf(files: TrialFiles): string {
  const end = files.note.end;
  switch (end.how) {
    case 'closing':
      return 'the guest ended its report without one';
    case 'deadline':
      return `the guest was silent until the deadline of ${end.afterMs} ms (vCPU ${end.vcpu})`;
    case 'machine-ended':
      return `QEMU ended by itself (${end.signal ?? `exit code ${end.exitCode}`})${end.stderr ? `: ${end.stderr.trim().split('\n').at(-1)}` : ''}`;
    case 'stopped':
      return `QEMU stopped the guest for good (${end.status}, vCPU ${end.vcpu})${end.stderr.trim() ? `: ${causeIn(end.stderr)}` : ''}`;
    case 'not-started':
      return `its VM did not start: ${end.why}`;
    case 'interrupted':
      return 'the run was interrupted';
  }
}
