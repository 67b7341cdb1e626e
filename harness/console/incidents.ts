// SPDX-License-Identifier: GPL-2.0-only
import type { Finding } from '../model/finding.js';
import type { CauseContext } from './cause.js';
import { finish } from './finish.js';
import { CONSEQUENCE, isSameIncident, recognise } from './heads.js';
import type { ConsoleLine } from './prefix.js';
import type { Recogniser } from './recogniser.js';
import { Report } from './report.js';
import { SHOWN, SHOWS } from './shown.js';

/** A report closes after this many lines that do not belong to one. */
const MAX_QUIET = 40;
/** ... or after this many, while its stack is still to come: a busy console talks between. */
const MAX_WAIT = 120;
/** ... or after this many lines in all. */
const MAX_SPAN = 3000;
/** A panic this many lines after a report is that report's. */
const PANIC_REACH = 120;
/** Reports open at once, each of another caller. */
const MAX_OPEN = 4;
const PREAMBLE = 8;

const CUT_HERE = /^-{3,20}\[ cut here \]-{3,20}|^8<--- cut here ---/;

/** Follows the reports of a log: which lines are whose, what is one incident, when each ends. */
export class Incidents {
  private open: Report[] = [];
  private done: Finding[] = [];
  /** What followed a `cut here`, until the head comes. */
  private preamble: { readonly from: number; readonly lines: string[] } | undefined;
  /** Where a file began to be shown, last. */
  private shown = Number.NEGATIVE_INFINITY;
  /** Whether the log's lines carry printk stamps; then the kernel prints no line without. */
  stamps = false;
  private last: { readonly line: number; readonly died: boolean } | undefined;

  constructor(private readonly context: CauseContext | undefined) {}

  /** Whether every line matters now, not only those with a hint. */
  get attentive(): boolean {
    return this.open.length > 0 || this.preamble !== undefined;
  }

  /** Takes in one line; `hinted` when it holds a string that a head must have. */
  line(line: ConsoleLine, hinted: boolean): void {
    this.one(line, hinted);
    for (const inner of line.inner) {
      this.one(inner, hinted, 'its head begins in the middle of another line');
    }
    this.closeQuiet(line.number);
  }

  /** The findings whose reports have ended, in the order of their heads. */
  collect(): Finding[] {
    if (this.done.length === 0) return [];
    const oldest = Math.min(...this.open.map((r) => r.head.number));
    const ready = this.done.filter((f) => f.line < oldest).sort(byLine);
    if (ready.length > 0) this.done = this.done.filter((f) => f.line >= oldest);
    return ready;
  }

  /** Ends the log. */
  end(): Finding[] {
    for (const report of [...this.open]) this.close(report, true);
    this.preamble = undefined;
    this.last = undefined;
    this.shown = Number.NEGATIVE_INFINITY;
    this.stamps = false;
    return this.collect();
  }

  private one(line: ConsoleLine, hinted: boolean, torn?: string): void {
    if (line.userspace) return;
    if (hinted && !line.stamped && SHOWS.test(line.text)) this.shown = line.number;
    if (CUT_HERE.test(line.text)) this.preamble = { from: line.number, lines: [] };
    const head = hinted ? recognise(line.text) : undefined;
    if (head !== undefined && this.begin(line, head.recogniser, head.match, torn)) return;
    if (this.preamble !== undefined && line.number > this.preamble.from) {
      if (line.number - this.preamble.from > PREAMBLE) this.preamble = undefined;
      else this.preamble.lines.push(line.text);
    }
    this.ownerOf(line)?.add(line);
  }

  /** Begins a report, unless the line is only one more head of an incident already known. */
  private begin(
    line: ConsoleLine,
    recogniser: Recogniser,
    match: RegExpExecArray,
    torn?: string,
  ): boolean {
    if (this.stamps && !line.stamped && line.number - this.shown < SHOWN) return false;
    const owner = this.ownerOf(line);
    if (owner !== undefined && isSameIncident(owner, recogniser, line)) {
      if (recogniser.role === 'die') owner.died = true;
      if (recogniser.role === 'panic') owner.panicked = true;
      return false;
    }
    if (owner === undefined && this.last !== undefined && recogniser.role === 'panic') {
      if (line.number - this.last.line < PANIC_REACH && CONSEQUENCE.test(line.text)) return false;
    }
    if (owner !== undefined) {
      if (
        !owner.ended &&
        owner.lines.length > 1 &&
        line.caller !== undefined &&
        !owner.recogniser.crossCpu
      ) {
        owner.mixes(`another report begins at line ${line.number}, inside it`);
      }
      this.close(owner, false);
    }
    while (this.open.length >= MAX_OPEN) {
      const oldest = this.open[0];
      if (oldest !== undefined) this.close(oldest, false);
    }
    this.open.push(new Report(recogniser, line, match, this.preamble?.lines ?? [], torn));
    this.preamble = undefined;
    return true;
  }

  /** The report a line belongs to: that of its caller, else the one begun last. */
  private ownerOf(line: ConsoleLine): Report | undefined {
    for (let i = this.open.length - 1; i >= 0; i--) {
      const report = this.open[i];
      if (report?.owns(line)) return report;
    }
    return undefined;
  }

  private closeQuiet(number: number): void {
    for (const report of [...this.open]) {
      const silent = number - Math.max(report.lastLine, report.head.number);
      const limit = report.awaitsStack ? MAX_WAIT : MAX_QUIET;
      const over = report.grace === 0 || report.quiet > limit || silent > 4 * MAX_QUIET;
      if (over || number - report.head.number > MAX_SPAN) this.close(report, false);
    }
  }

  /**
   * Whether a head without a stamp is the kernel's: where the other lines have one, and where the
   * log goes on, only with the kernel's framing around it. A program can say the same words.
   */
  private credible(report: Report, cut: boolean): boolean {
    const { head, recogniser, lines } = report;
    if (head.stamped || report.framed) return true;
    if (recogniser.from === 'none' && recogniser.role !== 'panic') return true;
    // Cut off by the log's end it has no framing yet; then nothing else follows it either.
    return !this.stamps && cut && lines.filter((l) => l.text !== '').length <= 4;
  }

  private close(report: Report, cut: boolean): void {
    this.open = this.open.filter((r) => r !== report);
    if (!report.confirmed || !this.credible(report, cut)) return;
    this.last = { line: report.lastLine, died: report.died };
    this.done.push(finish(report, cut, this.context));
  }
}

const byLine = (a: Finding, b: Finding): number => a.line - b.line;
