// SPDX-License-Identifier: MIT
import type { CallFrame, RawFinding } from '../model/finding.js';
import { put } from './line.js';
import type { ReportLine } from './recogniser.js';
import type { Report } from './report.js';

type Told = Pick<
  RawFinding,
  | 'address'
  | 'pc'
  | 'faultAddress'
  | 'instructionFetch'
  | 'task'
  | 'pid'
  | 'cpu'
  | 'taint'
  | 'frames'
>;
/** What a report says besides its title; an object of its own, to which more may be added. */
export type Details = { -readonly [K in keyof Told]: Told[K] };

/** dump_stack_print_info(), lib/dump_stack.c; `UID:` since v6.12. */
const IDENTITY =
  /^\s*CPU: (\d+)(?: UID: \d+)? PID: (\d+) Comm: (.{1,40}?) (?:(Not tainted)|Tainted: ([A-Z ]{1,40}?)(?= {1,12}[^A-Z ]| {1,12}\S*\d|$))/;
const HEAD_IDENTITY = /CPU: (\d+) PID: (\d+) at /;
/** Since v6.19: `CPU#0: comm/pid`. */
const NEW_IDENTITY = /, CPU#(\d+): (.{1,40})\/(\d+)$/;
const HUNG = /^INFO: task (.{1,60}):(\d+) blocked /;
const BY_TASK = /by task (.{1,40})\/(\d+)\s*$/;

/** Whether a line may tell an address that was accessed; a cheap first question. */
const MAYBE_ADDRESS = /addr|dereference|request|access|fetch|on (?:read|write)|CR2/;
const FAULT_ADDRESS: readonly RegExp[] = [
  /(?:address:|at virtual address|paging request at|dereference at|data at address|kernel pointer dereference at|non-canonical address|maybe for address|page fault for address:) *(?:0x)?([0-9a-f]{4,16})\b/,
  /(?:on read|on write|data access(?: on \w+)?|instruction fetch[^a]*) at (?:0x)?([0-9a-f]{4,16})\b/,
  /^Failing address: ([0-9a-f]{8,16})/,
  // mm/kasan/report.c, print_error_description()
  /^(?:Read|Write) of size \d+ at addr ([0-9a-f]{8,16})\b/,
];
/** Where a sanitizer's head says it was; its reports have no registers (mm/kasan/report.c). */
const HEAD_PC = /^BUG: KASAN: [\w -]{1,60} in ([A-Za-z_][\w.]*\+0x[0-9a-f]+\/0x[0-9a-f]+)/;
const CR2 = /\bCR2: ([0-9a-f]{8,16})\b/;
const FETCH =
  /#PF: supervisor instruction fetch|error_code\(0x001[0-9a-f]\)|kernel tried to execute|kernel instruction fetch|execute from non-executable|\bPREFETCH\b|\bIABT\b|prefetch abort|ESR = 0x0*(?:86|8e)[0-9a-f]{6}\b|Oops: (?:0000000086|86)[0-9a-f]{6} /i;

const number = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Number(text);

const pcOfHead = ({ head, recogniser }: Report): string | undefined =>
  recogniser.kind === 'kasan' ? HEAD_PC.exec(head.text)?.[1] : undefined;

/** Reads the registers, the identity and the call trace of a report. */
export function details(report: Report): Details {
  const { lines } = report;
  const pcLine = lines.find((l) => l.code?.is === 'pc' && !l.code.user && l.code.inlined !== true);
  const pc = pcLine?.code?.frame;
  const frames = callTrace(report);
  const address = pc?.address ?? bareAddress(lines);
  const { from, kind } = report.recogniser;
  const fault = from === 'fault' || kind === 'kasan' ? faultAddress(lines) : undefined;
  const told: Details = Object.assign(identity(lines), { frames });
  put(told, 'address', address?.replace(/^0+(?=[0-9a-f]{8})/, ''));
  put(told, 'pc', pc?.symbol === undefined ? pcOfHead(report) : pretty(pc));
  put(told, 'faultAddress', fault);
  put(told, 'instructionFetch', isFetch(report, fault, address));
  return told;
}

/** A frame as the kernel prints it. */
export function pretty(frame: CallFrame): string {
  const module = frame.module === undefined ? '' : ` [${frame.module}]`;
  const offset = frame.offset ?? 0;
  const from = `${offset < 0 ? '-' : '+'}0x${Math.abs(offset).toString(16)}`;
  return `${frame.symbol}${from}/0x${(frame.size ?? 0).toString(16)}${module}`;
}

function bareAddress(lines: readonly ReportLine[]): string | undefined {
  const line = lines.find(
    (l) => l.code?.is === 'pc' && !l.code.user && l.code.frame.address !== undefined,
  );
  return line?.code?.frame.address;
}

/** The address that could not be accessed: where the kernel says so, else what x86 has in CR2. */
function faultAddress(lines: readonly ReportLine[]): string | undefined {
  let register: string | undefined;
  for (let i = 0; i < lines.length && i < 60; i++) {
    const line = lines[i];
    if (line === undefined || line.code?.is === 'frame' || !MAYBE_ADDRESS.test(line.text)) continue;
    for (const pattern of FAULT_ADDRESS) {
      const m = pattern.exec(line.text);
      if (m?.[1] !== undefined) return m[1];
    }
    register ??= CR2.exec(line.text)?.[1];
  }
  return register;
}

function isFetch(report: Report, fault?: string, pc?: string): boolean | undefined {
  const { recogniser, lines } = report;
  if (recogniser.from === 'fault') {
    for (let i = 0; i < lines.length && i < 60; i++) {
      const line = lines[i];
      if (line !== undefined && line.code?.is !== 'frame' && FETCH.test(line.text)) return true;
    }
  }
  if (fault === undefined || pc === undefined) return undefined;
  return hex(fault) === hex(pc);
}

const hex = (text: string): string => text.replace(/^0+(?=.)/, '');

type Identity = Partial<Pick<Details, 'cpu' | 'pid' | 'task' | 'taint'>>;

function identity(lines: readonly ReportLine[]): Identity {
  const head = lines[0]?.text ?? '';
  for (let i = 0; i < lines.length && i < 80; i++) {
    const line = lines[i];
    if (line === undefined || line.code !== undefined) continue;
    const m = line.text.includes(' PID: ') ? IDENTITY.exec(line.text) : null;
    if (!m) continue;
    const taint = m[4] !== undefined ? '' : m[5]?.trimEnd();
    const told: Identity = { cpu: Number(m[1]), pid: Number(m[2]), task: m[3] ?? '' };
    put(told, 'taint', taint);
    return told;
  }
  const fresh = head.includes(', CPU#') ? NEW_IDENTITY.exec(head) : null;
  if (fresh) return { cpu: Number(fresh[1]), task: fresh[2] ?? '', pid: Number(fresh[3]) };
  const hung = head.startsWith('INFO: task') ? HUNG.exec(head) : null;
  if (hung) return { task: hung[1] ?? '', pid: Number(hung[2]) };
  const old = head.includes(' PID: ') ? HEAD_IDENTITY.exec(head) : null;
  const byTask = lines.slice(0, 6).find((l) => l.text.includes('by task '));
  const by = byTask === undefined ? null : BY_TASK.exec(byTask.text);
  const told: Identity = {};
  put(told, 'cpu', number(old?.[1]));
  put(told, 'pid', number(old?.[2] ?? by?.[2]));
  put(told, 'task', by?.[1]);
  return told;
}

const OTHER_MOMENT =
  /^\s*(?:Allocated by|Freed by|Showing all|Last potentially|Uninit was|---\[ end)/i;

function callTrace(report: Report): CallFrame[] {
  const frames: CallFrame[] = [];
  const { lines } = report;
  for (let i = 1; i < lines.length && frames.length < 128; i++) {
    const line = lines[i];
    if (line?.code?.is === 'frame') frames.push(line.code.frame);
    else if (line !== undefined && frames.length > 0 && OTHER_MOMENT.test(line.text)) break;
  }
  return frames;
}
