// SPDX-License-Identifier: MIT
import { consoleClock } from '../../evidence/console-clock.js';
import type { TraceEvent } from '../../evidence/trace.js';
import type { Finding } from '../../model/finding.js';
import type { ConsoleTick } from './model.js';

/** How far from the trace a console line may lie and still belong to the picture. */
const MARGIN_US = 500_000;

/** The console as it lies on the trace's clock. */
export interface PlacedConsole {
  readonly ticks: readonly ConsoleTick[];
  readonly crashes: readonly {
    readonly atUs: number;
    readonly pid: number | null;
    readonly title: string;
  }[];
  /** See judge/console-clock.ts. */
  readonly exact: boolean;
}

/** Places the console's lines and the crashes found in them. */
export function placeConsole(
  console: Uint8Array,
  findings: readonly Finding[],
  events: readonly TraceEvent[],
): PlacedConsole {
  const { lines, exact } = consoleClock(console, events);
  const [from, to] = [events[0]?.us ?? 0, events.at(-1)?.us ?? 0];
  const ticks = lines.flatMap(({ number, text, atUs }): ConsoleTick[] => {
    if (atUs < from - MARGIN_US || atUs > to + MARGIN_US) return [];
    const crash = findings.some((f) => number >= f.line && number <= f.lastLine);
    return [{ atUs, text, crash }];
  });
  const crashes = findings.flatMap(({ line, pid, title }) => {
    const at = lines.find(({ number }) => number === line);
    return at === undefined ? [] : [{ atUs: at.atUs, pid: pid ?? null, title }];
  });
  return { ticks, crashes, exact };
}
