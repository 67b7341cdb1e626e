// SPDX-License-Identifier: MIT
import type { TraceEvent } from './trace.js';

// print_time() of kernel/printk/printk.c, v6.12.
const STAMPED = /^(?:<\d+>)?\[\s*(\d{1,8})\.(\d{6})\](?:\[ *[TC]\d{1,8}\])? ?(.*)$/;

/** A console line that carries printk's stamp. */
export interface StampedLine {
  /** Counted from 1. */
  readonly number: number;
  /** What printk stamped, in microseconds of its own clock. */
  readonly stampUs: number;
  /** Without the stamp. */
  readonly text: string;
  /** As printed. */
  readonly raw: string;
  /** On the trace's clock, as far as {@link ConsoleClock.exact} says. */
  readonly atUs: number;
}

/** The console as it lies on the trace's clock. */
export interface ConsoleClock {
  readonly lines: readonly StampedLine[];
  /**
   * Whether the trace has printk's lines too (event printk:console). Without them the console's own
   * stamps are given, and those are of another clock: printk's local_clock() and the trace's
   * sched_clock() part where the TSC is not stable. 25 ms and 604 ms were seen in one guest.
   */
  readonly exact: boolean;
}

function linesOf(console: Uint8Array): Omit<StampedLine, 'atUs'>[] {
  return new TextDecoder('latin1')
    .decode(console)
    .split(/\r?\n/)
    .flatMap((raw, index) => {
      const match = STAMPED.exec(raw);
      if (!match) return [];
      const stampUs = Number(match[1]) * 1_000_000 + Number(match[2]);
      return [{ number: index + 1, stampUs, text: match[3] ?? '', raw }];
    });
}

/**
 * Gives each console line the time at which the trace saw printk print it. Lines that the trace does
 * not have (from before it was on, or after it was sent) keep their distance from the last one
 * before them that it has.
 */
export function consoleClock(console: Uint8Array, events: readonly TraceEvent[]): ConsoleClock {
  const lines = linesOf(console);
  const printed = events.filter((event) => event.name === 'console');
  const at = new Map<number, number>();
  let next = 0;
  for (const line of lines) {
    // A continued line (pr_cont) is several events; its first is a prefix of the line.
    const found = printed.findIndex((event, index) => index >= next && prints(event, line.text));
    const event = printed[found];
    if (!event) continue;
    at.set(line.number, event.us);
    next = found + 1;
  }
  let offsetUs = 0;
  const first = lines.find((line) => at.has(line.number));
  if (first) offsetUs = (at.get(first.number) ?? 0) - first.stampUs;
  return {
    lines: lines.map((line) => {
      const exactUs = at.get(line.number);
      if (exactUs !== undefined) offsetUs = exactUs - line.stampUs;
      return { ...line, atUs: line.stampUs + offsetUs };
    }),
    exact: at.size > 0,
  };
}

function prints(event: TraceEvent, text: string): boolean {
  const said = event.text.trim();
  return said !== '' && (said === text.trim() || text.trim().startsWith(`${said} `));
}
