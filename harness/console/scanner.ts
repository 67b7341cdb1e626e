// SPDX-License-Identifier: MIT
import type { RawFinding } from '../model/finding.js';
import type { ModuleContext } from './gone.js';
import { FILTER, hinted, MAX_HITS } from './hinted.js';
import { Incidents } from './incidents.js';
import type { LoggedKernel } from './logged-kernel.js';
import { ANY, marksOf } from './marks.js';
import { isStamped, parseLine } from './prefix.js';

/** A line longer than this is read in pieces of this size, all with the same number. */
const MAX_LINE = 16_384;
const NEWLINE = 10;

/** After this many stamped lines the log is taken to be stamped throughout. */
const ENOUGH_STAMPS = 4;
const BRACKET = 0x5b;
const ANGLE = 0x3c;

/**
 * Finds kernel crashes in a console log that arrives in pieces. How it is cut into pieces makes no
 * difference; memory does not grow with the log.
 */
export class ConsoleScanner {
  private readonly incidents: Incidents;
  private line = 1;
  private state = 0;
  /** What of the filter was met in the line. */
  private hits: number[] = [];
  /** The line begun in an earlier chunk. */
  private readonly held = new Uint8Array(MAX_LINE);
  private heldLength = 0;
  private stamped = 0;
  private open = false;
  private done = false;

  constructor(context?: ModuleContext) {
    this.incidents = new Incidents(context);
  }

  /** Lines that have begun so far; after the end, those of the log that ended. */
  get linesSeen(): number {
    return this.open ? this.line : this.line - 1;
  }

  /** The kernel that was booted last before a line, as far as the log says. */
  kernelAt(line: number): LoggedKernel | undefined {
    return this.incidents.kernels.at(line);
  }

  /** Takes in more of the log; returns the reports that ended in it. */
  push(chunk: Uint8Array): RawFinding[] {
    if (this.done) {
      this.incidents.kernels.clear();
      this.line = 1;
      this.done = false;
    }
    const { next, classOf, firstHit } = FILTER;
    const length = chunk.length;
    const whole = Buffer.from(chunk.buffer, chunk.byteOffset, length);
    let { state, hits } = this;
    let start = 0;
    /** Where the line has grown too long. */
    let limit = MAX_LINE - this.heldLength;
    for (let i = 0; i < length; i++) {
      const byte = chunk[i] as number;
      if (byte === NEWLINE) {
        if (this.stamped < ENOUGH_STAMPS) this.noteStamp(chunk, start, i);
        if (hits.length > 0 || this.incidents.attentive) this.take(whole, start, i, hits);
        this.heldLength = 0;
        this.line++;
        state = 0;
        if (hits.length > 0) hits = [];
        start = i + 1;
        limit = start + MAX_LINE;
        continue;
      }
      state = next[state + (classOf[byte] as number)] as number;
      if (state >= firstHit && hits.length < MAX_HITS) hits.push(state);
      if (i >= limit) {
        if (hits.length > 0 || this.incidents.attentive) this.take(whole, start, i, hits);
        this.heldLength = 0;
        hits = [];
        start = i;
        limit = i + MAX_LINE;
      }
    }
    this.state = state;
    this.hits = hits;
    this.held.set(chunk.subarray(start), this.heldLength);
    this.heldLength += length - start;
    if (length > 0) this.open = this.heldLength > 0;
    return this.incidents.collect();
  }

  /** Ends the log; returns the reports still open. The scanner can be used for another log after it. */
  end(): RawFinding[] {
    if (this.heldLength > 0 && (this.hits.length > 0 || this.incidents.attentive)) {
      this.take(Buffer.alloc(0), 0, 0, this.hits);
    }
    const findings = this.incidents.end();
    this.done = true;
    this.line = this.linesSeen + 1;
    this.stamped = 0;
    this.state = 0;
    this.hits = [];
    this.heldLength = 0;
    this.open = false;
    return findings;
  }

  private noteStamp(chunk: Uint8Array, start: number, end: number): void {
    const first = this.heldLength > 0 ? this.held[0] : chunk[start];
    if (first !== BRACKET && first !== ANGLE) return;
    const head = Buffer.concat([
      this.held.subarray(0, Math.min(40, this.heldLength)),
      chunk.subarray(start, Math.min(end, start + 40)),
    ]);
    if (isStamped(head.toString('latin1', 0, 40))) this.stamped++;
    this.incidents.stamps = this.stamped >= ENOUGH_STAMPS;
  }

  private take(chunk: Buffer, start: number, end: number, hits: readonly number[]): void {
    const tail = chunk.toString('latin1', start, end);
    const whole = this.heldLength === 0;
    const text = whole
      ? tail
      : Buffer.from(this.held.buffer, 0, this.heldLength).toString('latin1') + tail;
    const line = parseLine(text, this.line, whole ? marksOf(chunk, start, end) : ANY);
    this.incidents.line(line, hits.length > 0 ? hinted(hits) : undefined);
  }
}
