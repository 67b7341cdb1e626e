// SPDX-License-Identifier: MIT
import type { CallFrame } from '../model/finding.js';
import { some } from './line.js';
import { ANY, MARK } from './marks.js';
import { firstAt } from './opening.js';

/**
 * What one line of a report says about code addresses. The forms are those of `%pS` and `%pB`
 * (lib/vsprintf.c: `symbol+0xoffset/0xsize [module]`) in the framings of the architectures'
 * dumpstack/traps/process files.
 */
export interface FrameLine {
  /**
   * `frame`: an entry of a call trace. `pc`: the program counter at the fault. `lr`: the return address
   * register (arm64, riscv, powerpc ...). `at`: where a lock was taken, `at: func+0x1/0x2`.
   */
  readonly is: 'frame' | 'pc' | 'lr' | 'at';
  readonly frame: CallFrame;
  /** Whether only line numbers put in tell that the function was entered. */
  readonly inlined: boolean;
  /** A program counter of user space. */
  readonly user: boolean;
}

const SYMBOL = String.raw`([A-Za-z_$.][\w$.]{0,200})([+-]0x[0-9a-f]{1,16})\/0x([0-9a-f]{1,16})(?: \[([\w-]{1,64})(?: [0-9a-f]{6,40})?\])?`;
const BRACKET = String.raw`\(?(?:\[<)?\[?(?:0x)?([0-9a-fx]{1,18})\]?(?:>\])?\)?`;

/** With line numbers put in: the head of a function that was inlined. WARN() ends with its CPU since v6.19. */
export const INLINED_HEAD = / \[inline\](?:, CPU#\d+: .*)?$/;

/** Everything that may hold a code address has `0x` or one of these; cheap first question. */
const MAYBE = /\[<|\[inline\]| from |PC|pc|NIP|IP|ERA|era|PSW|[\w]\.[chSo]:[\d?]|\(\?\?:/;

const PC_LABEL = new RegExp(
  String.raw`^\s*(RIP|EIP|IP|pc|PC is at|T?PC|epc|ERA|era|NIP|Krnl PSW|PSW|IAOQ\[0\])(?: ?: ?| )\s*` +
    '(?:([0-9a-f]{4}):)?(.*)$',
);
/** What the labels of {@link PC_LABEL} and {@link LR_LABEL} begin with; a cheap question. */
const PC_FIRST = 'REIpPTeNK';
const LR_FIRST = 'lLrR';
const LR_LABEL = /^\s*(?:lr|LR is at|LR|ra|RA|RP\(r2\))(?: ?: ?| )\s*(.*)$/;
const NEXT_REGISTER = /\s(?:lr|ra)\s*:/;
const SYMBOL_ANYWHERE = new RegExp(SYMBOL);
const TRACE = new RegExp(String.raw`^\s*(?:(?:${BRACKET}\s+){1,2})?(\? )?\(?${SYMBOL}\)?`);
/** What {@link BARE} begins with. */
const BARE_FIRST = '?[0';
const BARE = /^\s*(\? )?(?:\[<)?0x([0-9a-f]{8,16})(?:>\])?\s*$/;
const INLINE =
  /^\s*(?:\[<\s*inline\s*>\]\s+)?([A-Za-z_][\w.]{0,200}) (?:[\w./+-]{1,200}\.[chSs]):\d+(?::\d+)? ?(?:\[inline\])?\s*$/;
/**
 * What scripts/decode_stacktrace.sh makes of a frame: `symbol (file.c:12 (discriminator 3)) module`; where
 * it does not know the line, `(file.c:?)`, after link-time optimisation `(ld-temp.o:?)`, else `(??:?)`.
 */
const DECODED =
  /^\s*(\? )?([A-Za-z_][\w.]{0,200}) \((?:[\w./+~-]{1,200}\.[chSso]|\?\?):[\d?][^()]{0,200}(?:\([^()]{0,80}\)[^()]{0,200}){0,8}\)(?: ([\w-]{1,64}))?/;
const ARM_FROM =
  /^\s*(?:\[<([0-9a-f]{8})>\] \()?([A-Za-z_][\w.]{0,200})(?:\+0x[0-9a-f]+\/0x[0-9a-f]+)?\)? from (?:\[<([0-9a-f]{8})>\] )?\(?([A-Za-z_][\w.]{0,200})\+0x([0-9a-f]+)\/0x([0-9a-f]+)(?: \[([\w-]+)\])?\)?/;
const LOCK_AT = new RegExp(
  String.raw`(?:,|\bis)? ?\bat:? +(?:\[<[0-9a-f]+>\]\s+)?(?:\? )?${SYMBOL}`,
);
/** A register's function where the line is told, not the offset. */
const NAMED = /^([A-Za-z_][\w.]*) \(?(?:[\w./+~-]+\.[chSso]|\?\?):[\d?]/;
const LOCK_AT_INLINE =
  /, at: ([A-Za-z_][\w.]{0,200}) [\w./+-]{1,200}\.[chSs]:\d{1,7}( \[inline\])?/;
const HEX = /(?:(?:0x|\[<|\[|\b)([0-9a-f]{8,16})|^0x([0-9a-f]{1,7}))\b/;
/** User code segments: 0x23, 0x33 (x86-64), 0x73 (i386), 0x2b. Kernel ones: 10, 60, e030, ... */
const USER_CS = /^(?:0023|0033|0073|002b|e033|e02b)$/;

/**
 * Reads a line's code address, or nothing when it has none; the marks are those of the text or of
 * more than it.
 */
export function parseFrame(text: string, marks = ANY): FrameLine | undefined {
  if (text.length > 600) return undefined;
  const hex = (marks & MARK.x) !== 0 && text.includes('0x');
  if (!hex && !MAYBE.test(text)) return undefined;
  const first = text.charAt(firstAt(text)) || ' ';
  const pc = PC_FIRST.includes(first) ? PC_LABEL.exec(text) : null;
  if (pc) return parsePc(pc[1] ?? '', pc[2], pc[3] ?? '');
  const lr = LR_FIRST.includes(first) ? LR_LABEL.exec(text) : null;
  if (lr) {
    const m = SYMBOL_ANYWHERE.exec(lr[1] ?? '');
    if (m) return said('lr', symbolFrame(m, 1, true));
    const named = NAMED.exec(lr[1] ?? '');
    if (named === null) return undefined;
    const frame = { ...some('symbol', named[1]), reliable: true };
    return said('lr', frame, text.includes('[inline]'));
  }
  // Whoever has an offset has a size: `+0x1/0x2`.
  const placed = hex && (marks & MARK.slash) !== 0;
  const trace = placed ? TRACE.exec(text) : null;
  const from = placed && (trace === null || text.startsWith(' from ', trace[0].length));
  const arm = from ? ARM_FROM.exec(text) : null;
  if (arm) return said('frame', frameOf(arm[4], arm[5], arm[6], arm[7], arm[3], true));
  if (trace) {
    // powerpc marks guesses after the symbol: `(unreliable)` (arch/powerpc/kernel/process.c).
    const reliable = trace[2] === undefined && !text.includes('(unreliable)');
    const address = trace[1] === undefined ? undefined : trace[1].replace(/^0x/, '');
    return said('frame', frameOf(trace[3], trace[4], trace[5], trace[6], address, reliable));
  }
  const at = placed ? LOCK_AT.exec(text) : null;
  if (at) return said('at', symbolFrame(at, 1, true));
  const atInline =
    (marks & MARK.colon) !== 0 && text.includes(', at: ') ? LOCK_AT_INLINE.exec(text) : null;
  if (atInline) {
    const frame = { ...some('symbol', atInline[1]), reliable: true };
    return said('at', frame, atInline[2] !== undefined);
  }
  const bare = BARE_FIRST.includes(first) ? BARE.exec(text) : null;
  if (bare) {
    return said('frame', { ...some('address', bare[2]), reliable: bare[1] === undefined });
  }
  if ((marks & MARK.colon) === 0) return undefined;
  const inline = INLINE.exec(text);
  if (inline) {
    const frame = { ...some('symbol', inline[1]), reliable: true };
    return said('frame', frame, true);
  }
  const decoded = DECODED.exec(text);
  if (decoded) {
    const [, guess, symbol, module] = decoded;
    const frame = { ...some('symbol', symbol), ...some('module', module) };
    return said('frame', { ...frame, reliable: guess === undefined });
  }
  return undefined;
}

/** Of one shape whatever it says: these are read more often than anything else. */
function said(is: FrameLine['is'], frame: CallFrame, inlined = false, user = false): FrameLine {
  return { is, frame, inlined, user };
}

function parsePc(label: string, segment: string | undefined, rest: string): FrameLine | undefined {
  // `pc : [<ffffffc000d394c4>] lr : [<...>]`: two registers on one line; `epc : foo ra : bar`.
  const next = NEXT_REGISTER.exec(rest);
  const own = next === null ? rest : rest.slice(0, next.index);
  const user = segment !== undefined && USER_CS.test(segment);
  const m = SYMBOL_ANYWHERE.exec(own);
  if (m) {
    const address = m.index === 0 ? undefined : HEX.exec(own.slice(0, m.index))?.[1];
    return said('pc', frameOf(m[1], m[2], m[3], m[4], address, true), false, user);
  }
  const named = NAMED.exec(own);
  if (named) {
    const frame = { ...some('symbol', named[1]), reliable: true };
    return said('pc', frame, own.includes('[inline]'), user);
  }
  // s390 prints the PSW mask before the address.
  const hex = label.endsWith('PSW') ? /[0-9a-f]{16} ([0-9a-f]{16})/.exec(own) : HEX.exec(own);
  if (!hex) return undefined;
  return said('pc', { ...some('address', hex[1] ?? hex[2]), reliable: true }, false, user);
}

function symbolFrame(m: RegExpExecArray, from: number, reliable: boolean): CallFrame {
  return frameOf(m[from], m[from + 1], m[from + 2], m[from + 3], undefined, reliable);
}

const ZERO = 0x30;
const MINUS = 0x2d;

/**
 * The value of hexadecimal digits below 2^53, with a sign and `0x` or without; as `Number.parseInt`,
 * which takes longer than all else that is done with a frame.
 */
function hexOf(text: string): number {
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    // `0` to `9` are 0x30 and up, `a` to `f` 0x61; a sign and the `x` count for nothing.
    const code = text.charCodeAt(i);
    if (code >= 0x61 && code <= 0x66) value = value * 16 + code - 0x57;
    else if (code >= ZERO && code < ZERO + 10) value = value * 16 + code - ZERO;
  }
  return text.charCodeAt(0) === MINUS ? -value : value;
}

/** A frame with the keys for which there is a value. */
function frameOf(
  symbol: string | undefined,
  offset: string | undefined,
  size: string | undefined,
  module: string | undefined,
  address: string | undefined,
  reliable: boolean,
): CallFrame {
  const frame: { -readonly [K in keyof CallFrame]: CallFrame[K] } = {
    offset: offset === undefined ? 0 : hexOf(offset),
    size: size === undefined ? 0 : hexOf(size),
    reliable,
  };
  if (symbol !== undefined) frame.symbol = symbol;
  if (module !== undefined) frame.module = module;
  if (address !== undefined) frame.address = address;
  return frame;
}

/** What {@link sourceName} changes has one of these. */
const DECORATED = /\.|sys_|S[yY]S/;

/**
 * The name a function has in the source: what gcc and clang append to clones and parts of it is
 * taken off, and the wrappers that the SYSCALL_DEFINE macros make are named after the system call.
 */
export function sourceName(symbol: string): string {
  if (!DECORATED.test(symbol)) return symbol;
  const plain = symbol
    .replace(/^\.(?=\w)/, '')
    .replace(
      /(?:\.(?:constprop|isra|part|cold|llvm|lto_priv|localalias|clone|cfi|cfi_jt|unlikely|str)(?:\.\d+)*|\.\d+)+$/,
      '',
    );
  const old =
    /^(?:__x32_)?(?:compat_)?(?:__do_)?(?:compat_)?sys_((?!imageblit|fillrect|copyarea)[a-z]\w*)$/.exec(
      plain,
    ) ?? /^(?:compat_|C_)?(?:SyS|SYSC)_(\w+)$/.exec(plain);
  if (old?.[1] !== undefined) return old[1];
  // Which of its wrappers is left is the compiler's choice; the system call is the same.
  const call =
    /^__(?:se|arm64|x64|ia32|s390x?|riscv|loongarch|powerpc)_(?:compat_)?(sys_\w+)$/.exec(plain);
  return call?.[1] ?? plain;
}
