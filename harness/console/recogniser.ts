// SPDX-License-Identifier: MIT
import type { FindingKind } from '../model/finding.js';
import type { FrameLine } from './frame.js';

/** One line of a report, with what it says about code. */
export interface ReportLine {
  readonly number: number;
  readonly text: string;
  readonly code: FrameLine | undefined;
  /** Whether a stack begins below it. */
  readonly opens: boolean;
}

/** What a title is made from. */
export interface ReportView {
  /** What the head matched. */
  readonly match: RegExpExecArray;
  /** The head and what followed it. */
  readonly lines: readonly ReportLine[];
  /** What came between `cut here` and the head: the message of a WARN, of a list check. */
  readonly preamble: readonly string[];
}

/** Where the function to blame is looked for in a report; see blame.ts. */
export type BlameFrom =
  /** The program counter, then the first trace: faults, BUG, traps. */
  | 'fault'
  /** Every frame in the order printed, the one in the head first: sanitizers, warnings. */
  | 'order'
  /** The call trace alone: what a task waits for, where it slept. */
  | 'trace'
  /** Where the locks were taken, then the traces: lockdep. */
  | 'locks'
  /** What the timer interrupt or the NMI interrupted: stalls and lockups. */
  | 'interrupted'
  /** The whole stack, by its subsystem's entry: a stack that overflowed. */
  | 'overflow'
  /** No function belongs in the title. */
  | 'none';

/**
 * What a head says of the report it is seen in. One incident often has several heads; only the
 * first is the finding's.
 */
export type Role =
  /** Begins a report of its own. */
  | 'head'
  /** Says how a fault ended (`Oops: 0002 [#1]`): part of the report before it, a head when alone. */
  | 'die'
  /** Says that the kernel gave up: part of the report that made it, a head when alone. */
  | 'panic';

/** One way in which the kernel announces a crash. Data: to detect another, add one of these. */
export interface Recogniser {
  readonly family: string;
  readonly kind: FindingKind;
  /** The fixture (test/fixtures/console/) or corpus record that earned it. */
  readonly earnedBy: string;
  /** Strings of which every head holds at least one; the prefilter lets only such lines through. */
  readonly hints: readonly string[];
  /** Matches the head from its beginning; linear in the line's length. */
  readonly head: RegExp;
  readonly role?: Role | undefined;
  readonly from: BlameFrom;
  /** The title; `{fn}` is the function blamed, `{1}` .. `{9}` what the head's groups matched. */
  readonly title: string | ((report: ReportView) => string);
  /** A finer family than {@link family}, by what the report says. */
  readonly finer?: ((report: ReportView) => string | undefined) | undefined;
  /** Names the function itself, where the head does so in a way of its own. */
  readonly names?: ((report: ReportView) => string | undefined) | undefined;
  /** Functions that this family must not blame, on top of the generic ones; it may depend on the report. */
  readonly skip?: RegExp | ((report: ReportView) => RegExp) | undefined;
  /** It only says what a check found: inside another report it begins none. */
  readonly message?: boolean | undefined;
  /** A weak head counts only once a line after it matches this. */
  readonly confirm?: RegExp | undefined;
  /** ... which is at most so many lines below. */
  readonly confirmWithin?: number | undefined;
  /** Lines of any caller belong to it: stalls are told by several CPUs. */
  readonly crossCpu?: boolean | undefined;
}
