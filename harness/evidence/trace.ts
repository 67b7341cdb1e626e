// SPDX-License-Identifier: MIT

/** One event of an ftrace text buffer. */
export interface TraceEvent {
  /** Microseconds on the trace's clock, `local`: sched_clock() (kernel/trace/trace_clock.c, v6.12). */
  readonly us: number;
  readonly comm: string;
  readonly pid: number;
  readonly cpu: number;
  /** The latency field, e.g. `dNh4.`. */
  readonly flags: string;
  /** Event name; `sys_ioctl:enter` and `sys_ioctl:exit` for system calls. */
  readonly name: string;
  /** What follows the name. */
  readonly text: string;
  /** The whole line, leading blanks removed. */
  readonly line: string;
  /** Kernel stack recorded with the event, innermost first; addresses in lower-case hex. */
  readonly stack: StackEntry[];
}

/** One line of a kernel stack in the trace. */
export interface StackEntry {
  readonly symbol: string;
  readonly address: string;
}

// kernel/trace/trace_output.c, trace_print_context(): 16 columns of comm, pid, cpu, flags, time.
const EVENT = /^\s*(.{1,16}?)-(\d+)\s+\[(\d+)\]\s+(\S+)\s+(\d+)\.(\d{6}): (.*)$/;
// With the options sym-offset and sym-addr: " => symbol+0x1/0x2 <ffffffff81000000>".
const STACK = /^ => (.+?)(?: <([0-9a-f]+)>)?$/;
const STACK_HEAD = '<stack trace>';

/**
 * Reads the text of an ftrace instance's `trace` file. Lines of no known form are skipped. A stack is
 * that of the event before it on its own processor, which the same trigger fired for: between the two
 * others may have their say, because the text merges the buffers of all processors by time
 * (kernel/trace/trace.c, __find_next_entry(), v6.12).
 */
export function parseTrace(text: string): TraceEvent[] {
  const events: TraceEvent[] = [];
  const lastOn = new Map<number, TraceEvent>();
  let owner: TraceEvent | null = null;
  for (const line of text.split('\n')) {
    const stack = STACK.exec(line);
    if (stack?.[1]) {
      owner?.stack.push({ symbol: stack[1], address: stack[2] ?? '' });
      continue;
    }
    const event = parseEvent(line);
    if (event?.name === STACK_HEAD) {
      const before = lastOn.get(event.cpu);
      owner = before?.pid === event.pid ? before : null;
    } else if (event) {
      events.push(event);
      lastOn.set(event.cpu, event);
      owner = null;
    }
  }
  return events;
}

function parseEvent(line: string): TraceEvent | null {
  const match = EVENT.exec(line);
  if (!match) return null;
  const [, comm = '', pid = '', cpu = '', flags = '', seconds = '', micros = '', rest = ''] = match;
  const { name, text } = rest.startsWith(STACK_HEAD)
    ? { name: STACK_HEAD, text: '' }
    : nameOf(rest);
  return {
    us: Number(seconds) * 1_000_000 + Number(micros),
    comm: comm.trim(),
    pid: Number(pid),
    cpu: Number(cpu),
    flags,
    name,
    text,
    line: line.trim(),
    stack: [],
  };
}

// System calls print as "sys_ioctl(fd: 3, cmd: c138fd04, arg: 0)" and "sys_ioctl -> 0x0"
// (kernel/trace/trace_syscalls.c), everything else as "name: fields".
function nameOf(rest: string): { name: string; text: string } {
  const call = /^(sys_\w+)(\(| -> )(.*)$/.exec(rest);
  if (call?.[1] && call[3] !== undefined) {
    return {
      name: call[2] === '(' ? `${call[1]}:enter` : `${call[1]}:exit`,
      text: call[2] === '(' ? call[3].replace(/\)$/, '') : call[3],
    };
  }
  const colon = rest.indexOf(': ');
  return colon < 0
    ? { name: rest, text: '' }
    : { name: rest.slice(0, colon), text: rest.slice(colon + 2) };
}

/** A few names are asked of every event of every trial: their patterns are made once. */
const patterns = new Map<string, RegExp>();

function patternOf(name: string): RegExp {
  const known = patterns.get(name);
  if (known) return known;
  const pattern = new RegExp(`(?:^|\\s)${name}=(\\S+)`);
  patterns.set(name, pattern);
  return pattern;
}

/** A field of `name=value` form in an event's text. */
export function field(event: TraceEvent, name: string): string | null {
  return patternOf(name).exec(event.text)?.[1] ?? null;
}

/** A field that is a hexadecimal address, without `0x`. */
export function addressField(event: TraceEvent, name: string): string | null {
  return field(event, name)?.replace(/^0x/, '') ?? null;
}

/** A field that is a decimal number. */
export function numberField(event: TraceEvent, name: string): number | null {
  const value = field(event, name);
  return value !== null && /^-?\d+$/.test(value) ? Number(value) : null;
}
