// SPDX-License-Identifier: MIT
import type { RawFinding } from '../model/finding.js';
import { finish } from './finish.js';
import type { ModuleContext } from './gone.js';
import { CONSEQUENCE, isSameIncident, noteStuck } from './heads.js';
import type { Hinted } from './hinted.js';
import type { ConsoleLine } from './line.js';
import { LoggedKernels } from './logged-kernel.js';
import { LoggedModules } from './logged-modules.js';
import { type Head, headOf } from './met-head.js';
import type { Recogniser } from './recogniser.js';
import { Report } from './report.js';
import { SHOWN, SHOWS } from './shown.js';
import { Twins } from './twins.js';

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

const CUT_HERE = /-{3,20}\[ cut here \]-{3,20}\s*$|^8<--- cut here ---/;
/** A head without a stamp is vouched for by the stamped report that begins within so many lines. */
const VOUCHED = 3;

/** Follows the reports of a log: which lines are whose, what is one incident, when each ends. */
export class Incidents {
  private open: Report[] = [];
  private done: RawFinding[] = [];
  /** What followed a `cut here`, until the head comes. */
  private preamble: { readonly from: number; readonly lines: string[] } | undefined;
  /** Where a file began to be shown, last. */
  private shown = Number.NEGATIVE_INFINITY;
  /** The kernels that the log says were booted. */
  readonly kernels = new LoggedKernels();
  private readonly modules = new LoggedModules();
  /** Whether the log's lines carry printk stamps; then the kernel prints no line without. */
  stamps = false;
  private readonly twins = new Twins();
  private last: { readonly line: number; readonly died: boolean } | undefined;

  constructor(private readonly context: ModuleContext | undefined) {}

  /** Whether every line matters now, not only those with a hint. */
  get attentive(): boolean {
    return this.open.length > 0 || this.preamble !== undefined;
  }

  /** Takes in one line, with what it may be where the filter met something in it. */
  line(line: ConsoleLine, hinted: Hinted | undefined): void {
    this.one(line, hinted);
    for (const inner of line.inner) {
      this.one(inner, hinted, 'its head begins in the middle of another line');
    }
    this.closeQuiet(line.number);
  }

  /** The findings whose reports have ended, in the order of their heads. */
  collect(): RawFinding[] {
    if (this.done.length === 0) return [];
    const oldest = Math.min(...this.open.map((r) => r.head.number));
    const ready = this.done.filter((f) => f.line < oldest).sort(byLine);
    if (ready.length > 0) this.done = this.done.filter((f) => f.line >= oldest);
    return ready;
  }

  /** Ends the log. */
  end(): RawFinding[] {
    for (const report of [...this.open]) this.close(report, true);
    this.preamble = undefined;
    this.last = undefined;
    this.twins.forget();
    this.shown = Number.NEGATIVE_INFINITY;
    this.stamps = false;
    this.modules.clear();
    return this.collect();
  }

  private one(whole: ConsoleLine, hinted: Hinted | undefined, torn?: string): void {
    if (whole.userspace) return;
    const owner = this.ownerOf(whole);
    const prefix = owner?.prefix;
    const line = prefix === undefined ? whole : { ...whole, text: prefix.strip(whole.text) };
    if (hinted !== undefined) {
      if (hinted.banner && this.kernels.note(line)) this.modules.clear();
      if (hinted.module) this.modules.note(line);
      if (!line.stamped && SHOWS.test(line.text)) this.shown = line.number;
      if (hinted.cut && CUT_HERE.test(line.text)) this.preamble = { from: line.number, lines: [] };
    }
    const twin = this.twins.isTwin(line);
    const head = hinted === undefined ? undefined : headOf(line, hinted.recognisers, torn);
    if (twin && (head !== undefined || owner?.doubled === true)) {
      // The log has every line twice: the second time says nothing new.
      if (owner !== undefined) owner.doubled = true;
      return;
    }
    if (head !== undefined && this.begin(head, whole)) return;
    if (this.preamble !== undefined && line.number > this.preamble.from) {
      if (line.number - this.preamble.from > PREAMBLE) this.preamble = undefined;
      else this.preamble.lines.push(line.text);
    }
    owner?.add(line);
  }

  /** Begins a report, unless the line is only one more head of an incident already known. */
  private begin({ line, recogniser, match, torn, prefix }: Head, whole: ConsoleLine): boolean {
    if (this.stamps && !line.stamped && line.number - this.shown < SHOWN) return false;
    const owner = this.ownerOf(line);
    // Words before a head may have been somebody who talks of it: the head itself is no part of that.
    const talk = owner?.prefix?.lacks(whole.text) === true && !owner.prefix.holds(owner.framed);
    const own = owner !== undefined && prefix === undefined && !talk;
    if (own && this.joins(owner, recogniser, line, match)) {
      if (recogniser.role === 'die') owner.died = true;
      if (recogniser.role === 'panic') owner.panicked = true;
      return false;
    }
    if (owner !== undefined && prefix !== undefined && prefix.speaker !== 'kernel') {
      // Inside a report only the kernel's own words begin another.
      if (owner.trusted) return false;
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
    const before = this.preamble?.lines ?? [];
    const preamble = prefix === undefined ? before : before.map((text) => prefix.strip(text));
    // A head met inside a report has its prefix taken off already.
    const learned = prefix ?? (talk ? undefined : owner?.prefix);
    const report = new Report(recogniser, line, match, preamble, torn, learned);
    noteStuck(report, line, match);
    this.open.push(report);
    this.preamble = undefined;
    return true;
  }

  /** Whether a head is one more of an open report's; the bare one above a stamped report is too. */
  private joins(
    owner: Report,
    recogniser: Recogniser,
    line: ConsoleLine,
    match: RegExpExecArray,
  ): boolean {
    if (!isSameIncident(owner, recogniser, line, match)) return false;
    if (line.stamped === owner.head.stamped || owner.trusted || !line.stamped) return true;
    // It lost its stamp, or a program said it: what the kernel says next to it decides.
    if (line.number - owner.head.number > VOUCHED) return false;
    owner.vouched = true;
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
    for (let i = this.open.length - 1; i >= 0; i--) {
      const report = this.open[i];
      if (report === undefined) continue;
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
    const { recogniser, lines } = report;
    if (report.prefix !== undefined) return report.prefix.holds(report.framed);
    if (report.trusted) return true;
    if (recogniser.from === 'none' && recogniser.role !== 'panic') return true;
    // Cut off by the log's end it has no framing yet; then nothing else follows it either.
    return !this.stamps && cut && lines.filter((l) => l.text !== '').length <= 4;
  }

  private close(report: Report, cut: boolean): void {
    this.open = this.open.filter((r) => r !== report);
    if (!report.confirmed || !this.credible(report, cut)) return;
    this.last = { line: report.lastLine, died: report.died };
    const context = this.context ?? { modules: this.modules.at(report.lines), told: 'log' };
    this.done.push(finish(report, cut, context));
  }
}

const byLine = (a: RawFinding, b: RawFinding): number => a.line - b.line;
