// SPDX-License-Identifier: GPL-2.0-only
import type { TraceEvent } from '../../judge/trace.js';
import type { Finding } from '../../model/finding.js';
import type { ConsoleTick } from './model.js';

/** How far from the trace a console line may lie and still belong to the picture. */
const MARGIN_US = 500_000;
// print_time() of kernel/printk/printk.c, v6.12.
const STAMPED = /^(?:<\d+>)?\[\s*(\d{1,8})\.(\d{6})\](?:\[ *[TC]\d{1,8}\])? ?(.*)$/;

/** The console as it lies on the trace's clock. */
export interface PlacedConsole {
  readonly ticks: readonly ConsoleTick[];
  readonly crashes: readonly {
    readonly atUs: number;
    readonly pid: number | null;
    readonly title: string;
  }[];
  /**
   * Whether the trace has printk's lines too (event printk:console). Without them the console's own
   * stamps are shown, and those are of another clock: printk's local_clock() and the trace's
   * sched_clock() part where the TSC is not stable. 25 ms and 604 ms were seen in one guest.
   */
  readonly exact: boolean;
}

interface Line {
  readonly number: number;
  readonly stampUs: number;
  readonly text: string;
}

function linesOf(console: Uint8Array): Line[] {
  return new TextDecoder('latin1')
    .decode(console)
    .split(/\r?\n/)
    .flatMap((line, index) => {
      const match = STAMPED.exec(line);
      if (!match) return [];
      const stampUs = Number(match[1]) * 1_000_000 + Number(match[2]);
      return [{ number: index + 1, stampUs, text: match[3] ?? '' }];
    });
}

/**
 * Gives each console line the time at which the trace saw printk print it. Lines that the trace does
 * not have (from before it was on) keep their distance from the nearest one that it has.
 */
export function placeConsole(
  console: Uint8Array,
  findings: readonly Finding[],
  events: readonly TraceEvent[],
): PlacedConsole {
  const lines = linesOf(console);
  const printed = events.filter((event) => event.name === 'console');
  const at = new Map<number, number>();
  let next = 0;
  for (const line of lines) {
    // A continued line (pr_cont) is several events; its first is a prefix of the line.
    const found = printed.findIndex((event, index) => index >= next && prints(event, line));
    const event = printed[found];
    if (!event) continue;
    at.set(line.number, event.us);
    next = found + 1;
  }
  let offsetUs = 0;
  const first = lines.find((line) => at.has(line.number));
  if (first) offsetUs = (at.get(first.number) ?? 0) - first.stampUs;
  const times = new Map<number, number>();
  for (const { number, stampUs } of lines) {
    const exactUs = at.get(number);
    if (exactUs !== undefined) offsetUs = exactUs - stampUs;
    times.set(number, stampUs + offsetUs);
  }

  const [from, to] = [events[0]?.us ?? 0, events.at(-1)?.us ?? 0];
  const ticks = lines.flatMap(({ number, text }): ConsoleTick[] => {
    const atUs = times.get(number) ?? 0;
    if (atUs < from - MARGIN_US || atUs > to + MARGIN_US) return [];
    const crash = findings.some((f) => number >= f.line && number <= f.lastLine);
    return [{ atUs, text, crash }];
  });
  const crashes = findings.flatMap(({ line, pid, title }) => {
    const atUs = times.get(line);
    return atUs === undefined ? [] : [{ atUs, pid: pid ?? null, title }];
  });
  return { ticks, crashes, exact: at.size > 0 };
}

function prints(event: TraceEvent, line: Line): boolean {
  const said = event.text.trim();
  return said !== '' && (said === line.text.trim() || line.text.trim().startsWith(`${said} `));
}
