// SPDX-License-Identifier: GPL-2.0-only
import { type ConsoleLine, some } from './line.js';
import { recognise } from './recognise.js';

/** `print_time()` and `print_caller()` of kernel/printk/printk.c, v6.12. */
const STAMP = /^\[ {0,7}(\d{1,8}\.\d{6})\](?:\[ *([TC]\d{1,8})\])? ?/;
const CALLER_ONLY = /^\[ *([TC]\d{1,8})\] /;
const LEVEL = /^<\d{1,3}>/;

/** Stamps that collectors, shells and dmesg(1) put before the kernel's own. */
const COLLECTORS: readonly RegExp[] = [
  // ISO 8601: journalctl -o short-iso, dmesg --time-format iso, CI systems.
  /^\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?\]? +/,
  /^\[?\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?\]? +/,
  /^\[?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\]? +/,
  // dmesg -T.
  /^\[[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\] /,
  // dmesg -x.
  /^[a-z]+ *:[a-z]+ *: /,
  // docker compose and multiplexers.
  /^[\w.-]{1,40} *\| /,
];
const SYSLOG =
  /^(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,6})? )?([\w.-]{1,64}) (?:([a-z]+\.[a-z]+) )?([\w./@-]{1,48})(?:\[\d+\])?: /;
const SYSLOG_DATE = /^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,6})? /;
const PROMPT = /^[\w.~@:-]{0,60}(?: [\w.-]{1,40})? ?login: ?/;
const SECOND_STAMP = /\[ {0,7}\d{1,8}\.\d{6}\](?:\[ *[TC]\d{1,8}\])? ?/g;
/** A stamp after one of these is being quoted by a program, a person or a shell. */
const QUOTING =
  /(?:["'`|(\\]|\w=|^[\s>]*>|^(?:[\w./-]{1,200}:)?\d{1,9}[:-](?:.{0,80} kernel: )?|\b(?:echo|printf|grep|logger|cat|msg|cmd|saw|said|wrote|quote[ds]?|e\.g\.|expect(?:ed|s)?)\b.*)\s*$/;
/** A line's first message: what comes before the stamp of the next. */
export function firstMessage(line: ConsoleLine): string {
  if (line.inner.length === 0) return line.text;
  const stamp = line.text.slice(1).search(SECOND_STAMP);
  return stamp < 0 ? line.text : line.text.slice(0, stamp + 1);
}

/** Whether what is before a head only quotes it. */
export const isQuoting = (before: string): boolean => QUOTING.test(before.slice(-200));
const ANSI =
  /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]{0,200}(?:\u0007|\u001b\\)?|[@-Z\\^_()][A-Z0-9]?)/g;

/** Whether a line begins with printk's stamp; asked of every line until it is known of the log. */
export function isStamped(text: string): boolean {
  return STAMP.test(text.replace(LEVEL, ''));
}

/** Takes the terminal's control bytes out of a line; carriage returns at its end are not part of it. */
export function cleanLine(raw: string): string {
  let text = raw;
  if (text.includes('\u001b')) text = text.replace(ANSI, '');
  if (/[\u0000-\u0008\u000b-\u001f\u007f]/.test(text)) {
    text = text.replace(/\r+$/, '').replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, '');
  }
  return text;
}

const NOTHING = { text: '', stamped: false, userspace: false, tagged: false, inner: [] };

/** Parses one line of a log; never throws. */
export function parseLine(raw: string, number: number): ConsoleLine {
  const whole = cleanLine(raw);
  // A lone carriage return restarts the line on a terminal: what follows it is a line of its own.
  const parts = whole.includes('\r') ? whole.split(/\r+/, 8) : [whole];
  const lines = parts.map((part) => parsePart(part, number));
  const first = lines[0] ?? { ...NOTHING, number };
  const rest = lines.slice(1);
  if (rest.length === 0) return first;
  return { ...first, inner: [...first.inner, ...rest.flatMap((l) => [l, ...l.inner])] };
}

function parsePart(part: string, number: number): ConsoleLine {
  const { rest, caller, time, stamped, userspace, tagged } = unwrap(part);
  const line = {
    number,
    text: rest.trimEnd(),
    stamped,
    userspace,
    tagged,
    ...some('caller', caller),
    ...some('time', time),
  };
  return { ...line, inner: userspace ? [] : innerLines(rest, number) };
}

interface Unwrapped {
  readonly rest: string;
  readonly caller: string | undefined;
  readonly time: number | undefined;
  readonly stamped: boolean;
  readonly userspace: boolean;
  readonly tagged: boolean;
}

/** Takes off the prefixes that begin a line, at most six of them. */
function unwrap(part: string): Unwrapped {
  let rest = part;
  let caller: string | undefined;
  let time: number | undefined;
  let stamped = false;
  let tagged = false;
  for (let i = 0; i < 6; i++) {
    const level = LEVEL.exec(rest);
    if (level) {
      stamped = true;
      rest = rest.slice(level[0].length);
    }
    const stamp = STAMP.exec(rest);
    if (stamp) {
      // A second stamp is what syslogd saved of the first; the inner one is the kernel's.
      stamped = true;
      time = Number(stamp[1]);
      caller = stamp[2] ?? caller;
      rest = rest.slice(stamp[0].length);
      continue;
    }
    const who = CALLER_ONLY.exec(rest);
    if (who) {
      stamped = true;
      caller = who[1];
      rest = rest.slice(who[0].length);
      continue;
    }
    // Behind the kernel's stamp or its name in syslog is what the kernel said, whatever it looks like.
    if (time !== undefined || tagged) break;
    const dated = SYSLOG_DATE.test(rest);
    const syslog = dated || i > 0 ? SYSLOG.exec(rest) : null;
    if (syslog) {
      // Behind a date of another form, two words and a colon may be a message's beginning.
      if (!dated && syslog[3] !== 'kernel' && recognise(rest) !== undefined) break;
      rest = rest.slice(syslog[0].length);
      if (syslog[3] !== 'kernel') return { rest, caller, time, stamped, userspace: true, tagged };
      tagged = true;
      continue;
    }
    const collector = COLLECTORS.map((re) => re.exec(rest)).find((m) => m !== null);
    const prompt = collector ?? PROMPT.exec(rest);
    if (prompt && prompt[0] !== '') rest = rest.slice(prompt[0].length);
    else if (!level) break;
  }
  return { rest, caller, time, stamped, userspace: false, tagged };
}

function innerLines(text: string, number: number): ConsoleLine[] {
  if (!text.includes('[')) return [];
  const found: ConsoleLine[] = [];
  SECOND_STAMP.lastIndex = 0;
  for (let m = SECOND_STAMP.exec(text); m && found.length < 4; m = SECOND_STAMP.exec(text)) {
    if (m.index === 0 || QUOTING.test(text.slice(Math.max(0, m.index - 200), m.index))) continue;
    const { rest, caller, time } = unwrap(text.slice(m.index));
    found.push({
      number,
      text: rest.trimEnd(),
      stamped: true,
      userspace: false,
      tagged: false,
      inner: [],
      ...some('caller', caller),
      ...some('time', time),
    });
  }
  return found;
}
