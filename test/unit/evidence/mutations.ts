// SPDX-License-Identifier: MIT
// Changes to a trace by which a test takes one proof away. Each must change something.
import { mutated } from '../judge/support.js';

/** Applies a change to what follows the first line that matches; the line itself is kept. */
export function after(trace: string, line: RegExp, change: (rest: string) => string): string {
  const match = new RegExp(`^.*${line.source}.*\n`, 'm').exec(trace);
  if (!match) throw new Error(`no line matches ${line.source}`);
  const end = match.index + match[0].length;
  const rest = trace.slice(end);
  const changed = change(rest);
  if (changed === rest) throw new Error(`the mutation after ${line.source} changes nothing`);
  return trace.slice(0, end) + changed;
}

/** Leaves out the first line that matches. */
export const without = (trace: string, line: RegExp): string =>
  mutated(trace, new RegExp(`^.*${line.source}.*\n`, 'm'), '');

/** Changes every match. */
export const all = (trace: string, from: RegExp, to: string): string =>
  mutated(trace, new RegExp(from.source, 'gm'), to);
