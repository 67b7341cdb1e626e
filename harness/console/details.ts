// SPDX-License-Identifier: MIT
import type { CallFrame, RawFinding } from '../model/finding.js';
import { put } from './line.js';
import { opening } from './opening.js';
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

const HEAD_IDENTITY = /CPU: (\d+) PID: (\d+) at /;
/** Since v6.19: `CPU#0: comm/pid`. */
const NEW_IDENTITY = /, CPU#(\d+): (.{1,40})\/(\d+)$/;
const HUNG = /^INFO: task (.{1,60}):(\d+) blocked /;
const BY_TASK = /by task (.{1,40})\/(\d+)\s*$/;

/** Whether a line may tell what was accessed; a cheap first question. */
const MAYBE_ACCESS =
  /addr|dereference|request|access|fetch|FETCH|on (?:read|write)|CR2|error_code|tried to exec|ute from|IABT|ESR = |Oops: /;
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
  const { from, kind } = report.recogniser;
  const { pc, bare } = counters(lines);
  const address = pc?.address ?? bare;
  const access = from === 'fault' || kind === 'kasan' ? accessOf(lines, from === 'fault') : NONE;
  const told: Details = Object.assign(identity(report), { frames: callTrace(report) });
  put(told, 'address', address?.replace(/^0+(?=[0-9a-f]{8})/, ''));
  put(told, 'pc', pc?.symbol === undefined ? pcOfHead(report) : pretty(pc));
  put(told, 'faultAddress', access.address);
  put(told, 'instructionFetch', isFetch(access, address));
  return told;
}

/** A frame as the kernel prints it. */
export function pretty(frame: CallFrame): string {
  const module = frame.module === undefined ? '' : ` [${frame.module}]`;
  const offset = frame.offset ?? 0;
  const from = `${offset < 0 ? '-' : '+'}0x${Math.abs(offset).toString(16)}`;
  return `${frame.symbol}${from}/0x${(frame.size ?? 0).toString(16)}${module}`;
}

/** The kernel's program counter, and the first that was told as an address. */
function counters(lines: readonly ReportLine[]): { pc?: CallFrame; bare?: string } {
  const found: { pc?: CallFrame; bare?: string } = {};
  for (const { code } of lines) {
    if (code?.is !== 'pc' || code.user) continue;
    if (code.inlined !== true) found.pc ??= code.frame;
    if (code.frame.address !== undefined) found.bare ??= code.frame.address;
    if (found.pc !== undefined && found.bare !== undefined) break;
  }
  return found;
}

/** What could not be accessed. */
interface Access {
  readonly address: string | undefined;
  /** Whether the kernel says that it was about to run it. */
  readonly fetch: boolean;
}
const NONE: Access = { address: undefined, fetch: false };

/** The address that could not be accessed: where the kernel says so, else what x86 has in CR2. */
function accessOf(lines: readonly ReportLine[], faults: boolean): Access {
  let address: string | undefined;
  let register: string | undefined;
  let fetch = false;
  for (let i = 0; i < lines.length && i < 60; i++) {
    const line = lines[i];
    if (line === undefined || line.code?.is === 'frame' || !MAYBE_ACCESS.test(line.text)) continue;
    if (faults && !fetch) fetch = FETCH.test(line.text);
    if (address !== undefined) {
      if (fetch || !faults) break;
      continue;
    }
    for (const pattern of FAULT_ADDRESS) address ??= pattern.exec(line.text)?.[1];
    register ??= CR2.exec(line.text)?.[1];
  }
  return { address: address ?? register, fetch };
}

function isFetch({ address, fetch }: Access, pc: string | undefined): boolean | undefined {
  if (fetch) return true;
  return address === undefined || pc === undefined ? undefined : hex(address) === hex(pc);
}

const hex = (text: string): string => text.replace(/^0+(?=.)/, '');

type Identity = Partial<Pick<Details, 'cpu' | 'pid' | 'task' | 'taint'>>;

function identity({ lines, who }: Report): Identity {
  const head = lines[0]?.text ?? '';
  if (who !== undefined) {
    const [, cpu, pid, task = '', clean, taint] = who;
    const told: Identity = { cpu: Number(cpu), pid: Number(pid), task };
    put(told, 'taint', clean !== undefined ? '' : taint?.trimEnd());
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

const otherMoment = opening(
  /[Aa]llocated by|[Ff]reed by|Showing all|Last potentially|Uninit was|---\[ end/,
);

function callTrace(report: Report): CallFrame[] {
  const frames: CallFrame[] = [];
  const { lines } = report;
  for (let i = 1; i < lines.length && frames.length < 128; i++) {
    const line = lines[i];
    if (line?.code?.is === 'frame') frames.push(line.code.frame);
    else if (line !== undefined && frames.length > 0 && otherMoment(line.text)) break;
  }
  return frames;
}
