// SPDX-License-Identifier: MIT
import type { RawFinding } from '../model/finding.js';
import { blame } from './blame.js';
import type { Blame } from './blame-frames.js';
import { type Details, details } from './details.js';
import { sourceName } from './frame.js';
import { type ModuleContext, resolveGone, type Unresolved } from './gone.js';
import { put } from './line.js';
import type { Report } from './report.js';

/** Stands in a title for a function that the damage hides, as in syzkaller's titles. */
export const CORRUPTED = 'corrupted';

/** Lines of a report that a finding carries. */
const MAX_TEXT = 200;

/** A finding that is not complete yet. */
type Building = Details & { -readonly [K in keyof Unresolved]?: Unresolved[K] };

/** Makes the finding of a report that has ended; `cut` when the log ended before the report did. */
export function finish(
  report: Report,
  cut: boolean,
  context: ModuleContext | undefined,
): RawFinding {
  const named = report.recogniser.names?.(report);
  const who: Blame = named === undefined ? blame(report) : { name: named, frame: undefined };
  const { recogniser, head } = report;
  const module = who.frame?.module ?? moduleOfHead(report, who.name);
  // Filled in place, not copied from stage to stage: a log of nothing but crashes is read here.
  const finding: Building = details(report);
  finding.kind = recogniser.kind;
  finding.title = title(report, who.name);
  finding.family = recogniser.finer?.(report) ?? recogniser.family;
  finding.function = who.name;
  finding.line = head.number;
  finding.lastLine = report.lastLine;
  finding.head = report.ascii ? head.text : utf8(head.text);
  finding.state = stateOf(report, cut);
  finding.text = textOf(report);
  put(finding, 'module', module);
  return resolveGone(finding as Unresolved, context);
}

function textOf({ lines, lastLine, ascii }: Report): string[] {
  const text: string[] = [];
  for (const line of lines) {
    if (line.number <= lastLine) text.push(ascii ? line.text : utf8(line.text));
    if (text.length >= MAX_TEXT) break;
  }
  return text;
}

/** The title, with the function put in. */
function title(report: Report, name: string): string {
  const { title: form } = report.recogniser;
  const text = typeof form === 'string' ? form : form(report);
  const whose = name === '' ? CORRUPTED : name;
  if (!text.includes('{')) return text;
  if (text.endsWith('{fn}') && text.indexOf('{') === text.length - 4)
    return text.slice(0, -4) + whose;
  return text
    .replace(/\{(\d)\}/g, (_, group: string) => report.match[Number(group)] ?? '')
    .replace('{fn}', whose);
}

function moduleOfHead(report: Report, name: string): string | undefined {
  const line = report.lines.find(({ code }) => {
    const symbol = code?.frame.symbol;
    return symbol !== undefined && (symbol === name || sourceName(symbol) === name);
  });
  return line?.code?.frame.module;
}

function stateOf(report: Report, cut: boolean): RawFinding['state'] {
  if (report.mixed !== undefined) return { is: 'interleaved', reason: report.mixed };
  if (report.torn !== undefined) return { is: 'torn', reason: report.torn };
  const needsStack = report.recogniser.from !== 'none';
  const hasStack = report.lines.some((l) => l.code !== undefined);
  if (needsStack && !hasStack) {
    return {
      is: 'truncated',
      reason: cut ? 'the log ends before any stack was printed' : 'no stack was printed',
    };
  }
  if (cut && report.recogniser.role === 'die' && !report.ended) {
    return { is: 'truncated', reason: 'the log ends before the end of trace' };
  }
  return { is: 'complete' };
}

/** The scanner reads bytes as latin1; what people see is UTF-8 again. */
function utf8(text: string): string {
  return /[\u0080-\u00ff]/.test(text)
    ? new TextDecoder().decode(Uint8Array.from(text, (c) => c.charCodeAt(0)))
    : text;
}
