// SPDX-License-Identifier: MIT
import { parseFrame } from './frame.js';
import type { ConsoleLine } from './line.js';
import { MARK } from './marks.js';
import type { Prefix } from './placed.js';
import type { Recogniser, ReportLine, ReportView } from './recogniser.js';
import {
  belongs,
  END,
  foreignDump,
  IDENTITY,
  INJECTED,
  kernelSays,
  ONLY_FAULTS,
  PID,
  startsTrace,
} from './report-lines.js';

/** Lines kept of one report; what comes after is counted, not kept. */
export const MAX_LINES = 600;

/** Who ran is told among the first lines. */
const MAX_IDENTITY = 80;
const SPACE = 0x20;

/** A report being collected. */
export class Report implements ReportView {
  readonly lines: ReportLine[] = [];
  /** What came between `cut here` and the head: the message of a WARN, of a list check. */
  readonly preamble: readonly string[];
  lastLine: number;
  /** Lines since the last that belonged here. */
  quiet = 0;
  /** Lines after which it may close, once an end marker was seen. */
  grace = -1;
  ended = false;
  died = false;
  panicked = false;
  confirmed: boolean;
  dropped = 0;
  /** Whether each of its lines comes twice. */
  doubled = false;
  /** Whether a head that has no stamp is followed by what only the kernel says, stamped. */
  vouched = false;
  /** When CPUs were last said to be stuck, and for how long. */
  stuck: Map<string, number> | undefined;
  stuckAt: number | undefined;
  /** Whether the kernel's own lines followed, stamped as the head is. */
  framed = false;
  /** Why its lines may be another's: reports mixed by CPUs that print at once. */
  mixed: string | undefined;
  /** Index of the first line that may be another's. */
  mixedAt = Number.POSITIVE_INFINITY;
  /** CPU, pid, name and taint of who ran. */
  who: RegExpExecArray | undefined;
  /** Whether all of its lines are of ASCII. */
  ascii: boolean;
  private pid: string | undefined;
  private traced = false;

  constructor(
    readonly recogniser: Recogniser,
    readonly head: ConsoleLine,
    readonly match: RegExpExecArray,
    preamble: readonly string[],
    readonly torn: string | undefined,
    /** What its lines begin with, where that was learned from its head. */
    readonly prefix?: Prefix,
  ) {
    this.preamble = preamble;
    this.lastLine = head.number;
    this.ascii = (head.marks & MARK.high) === 0;
    this.confirmed = recogniser.confirm === undefined;
    this.pid = head.text.includes(' PID: ') ? / PID: (\d+) at /.exec(head.text)?.[1] : undefined;
    this.died = recogniser.role === 'die';
    this.panicked = recogniser.role === 'panic';
    this.lines.push({ number: head.number, text: head.text, code: undefined, opens: false });
  }

  /** Whether it is the kernel that speaks, as far as one can tell by now. */
  get trusted(): boolean {
    return this.head.stamped || this.head.tagged || this.framed || this.vouched;
  }

  /** Whether the stack that such a report has was not printed yet. */
  get awaitsStack(): boolean {
    return !this.traced && this.recogniser.from !== 'none';
  }

  /** Whether a line could be this report's, going by who printed it. */
  owns(line: ConsoleLine): boolean {
    return (
      this.recogniser.crossCpu === true ||
      this.head.caller === undefined ||
      line.caller === undefined ||
      line.caller === this.head.caller
    );
  }

  /** Takes in one line after the head. */
  add(line: ConsoleLine): void {
    const code = parseFrame(line.text, line.marks);
    this.noteTrust(line, code !== undefined);
    this.noteMixing(line);
    if ((line.marks & MARK.high) !== 0) this.ascii = false;
    if (this.who === undefined && code === undefined && (line.marks & MARK.d) !== 0) {
      if (this.lines.length < MAX_IDENTITY) this.who = IDENTITY.exec(line.text) ?? undefined;
    }
    if (code?.is === 'frame') this.traced = true;
    if (code !== undefined || belongs(line.text)) {
      this.quiet = 0;
      this.lastLine = line.number;
    } else {
      this.quiet++;
    }
    if (line.text.startsWith('---[ end') && END.test(line.text)) {
      this.ended = true;
      this.grace = 16;
    } else if (this.grace > 0) {
      this.grace--;
    }
    const { lines } = this;
    if (lines.length >= MAX_LINES) {
      this.dropped++;
      if (this.recogniser.from !== 'overflow') return;
      // The entry of a stack that overflowed is at its far end: the middle goes.
      lines.splice(MAX_LINES / 2, 1);
    }
    const opens = code?.is !== 'frame' && startsTrace(line.text);
    lines.push({ number: line.number, text: line.text, code, opens });
  }

  /** What a line says for the report as a whole: that it is one, and that it is the kernel's. */
  private noteTrust(line: ConsoleLine, isCode: boolean): void {
    const { confirm, confirmWithin = MAX_LINES } = this.recogniser;
    const below = line.number - this.head.number;
    if (!this.confirmed && below <= confirmWithin && confirm?.test(line.text) === true)
      this.confirmed = true;
    if (line.stamped === this.head.stamped) {
      if (!this.framed && (isCode || kernelSays(line.text))) this.framed = true;
    } else if (line.stamped && below <= 2 && ONLY_FAULTS.test(line.text)) {
      this.vouched = true;
    }
  }

  private noteMixing({ text, marks }: ConsoleLine): void {
    if (this.mixed !== undefined || this.ended || this.recogniser.crossCpu) return;
    const first = text.charCodeAt(0);
    if (first !== SPACE && foreignDump(text))
      this.mixes('a stack dump that is no crash begins inside it');
    if (first === SPACE && INJECTED.test(text))
      this.mixes('the stack of an injected failure is among its lines');
    const identity = (marks & MARK.d) !== 0 ? PID.exec(text) : null;
    const pid = identity?.[1] ?? identity?.[2];
    if (pid === undefined) return;
    if (this.pid !== undefined && this.pid !== pid) {
      this.mixes(`lines of pid ${pid} among those of pid ${this.pid}`);
    }
    this.pid ??= pid;
  }

  /** Notes that from here on lines may be another report's. */
  mixes(reason: string): void {
    if (this.mixed !== undefined) return;
    this.mixed = reason;
    this.mixedAt = this.lines.length;
  }
}
