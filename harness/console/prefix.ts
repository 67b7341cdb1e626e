// SPDX-License-Identifier: MIT
import type { ConsoleLine } from './line.js';
import { ANY, MARK } from './marks.js';
import { recognise } from './recognise.js';
import { stampOf } from './stamp.js';

/** A stamp of which the first byte did not arrive. */
const CUT_STAMP = /^ {0,7}\d{1,8}\.\d{6}\](?:\[ *([TC]\d{1,8})\])? /;
const CALLER_ONLY = /^\[ *([TC]\d{1,8})\] /;
const LEVEL = /^<\d{1,3}>/;

/** /dev/kmsg and extended netconsole: msg_print_ext_header() of kernel/printk/printk.c, v6.12. */
const KMSG = /^\d{1,3},\d{1,12},(\d{1,16}),[-c+](?:,caller=([TC]\d{1,8}))?(?:,[^;]{0,80})?;/;

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
/** Months are named in the language of the machine; the bytes are read as latin1. */
const SYSLOG =
  /^(?:[A-Za-z\u0080-\u00ff]{2,12}\.? [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,6})? )?([\w.-]{1,64}) (?:([a-z]+\.[a-z]+) )?([\w./@-]{1,48})(?:\[\d+\])?: /;
const SYSLOG_DATE = /^[A-Za-z\u0080-\u00ff]{2,12}\.? [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,6})? /;
/** A collector's date and host before what extended netconsole sent. */
const SENT_KMSG =
  /^[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,6})? (?:[\w.-]{1,64} )?(?=\d{1,3},\d{1,12},\d{1,16},[-c+])/;
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
  return stampOf(text.replace(LEVEL, '')) !== undefined;
}

/** Control characters, but for tabs and line feeds. */
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f]/;

/** Takes the terminal's control bytes out of a line; carriage returns at its end are not part of it. */
export function cleanLine(raw: string): string {
  if (!CONTROL.test(raw)) return raw;
  const text = raw.includes('\u001b') ? raw.replace(ANSI, '') : raw;
  return text.replace(/\r+$/, '').replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, '');
}

/** Parses one line of a log, of which {@link marksOf} told the marks; never throws. */
export function parseLine(raw: string, number: number, marks = ANY): ConsoleLine {
  if ((marks & MARK.control) === 0) return parsePart(raw, number, marks);
  const whole = cleanLine(raw);
  if (!whole.includes('\r')) return parsePart(whole, number, ANY);
  // A lone carriage return restarts the line on a terminal: what follows it is a line of its own.
  const [first, ...rest] = whole.split(/\r+/, 8).map((part) => parsePart(part, number, ANY));
  if (first === undefined) return parsePart('', number, ANY);
  return { ...first, inner: [...first.inner, ...rest.flatMap((l) => [l, ...l.inner])] };
}

const NONE: readonly ConsoleLine[] = [];
const BRACKET = 0x5b;
const ANGLE = 0x3c;
const SPACE = 0x20;

/** Takes off the prefixes that begin a line, at most six of them. */
function parsePart(part: string, number: number, known: number, outer = true): ConsoleLine {
  let rest = part;
  let marks = known;
  let caller: string | undefined;
  let time: number | undefined;
  let stamped = false;
  let tagged = false;
  let userspace = false;
  for (let i = 0; i < 6; i++) {
    const first = rest.charCodeAt(0);
    const level = first === ANGLE ? LEVEL.exec(rest) : null;
    if (level) {
      stamped = true;
      rest = rest.slice(level[0].length);
    }
    const stamp = stampOf(rest);
    if (stamp) {
      // A second stamp is what syslogd saved of the first; the inner one is the kernel's.
      stamped = true;
      time = stamp.time;
      caller = stamp.caller ?? caller;
      rest = rest.slice(stamp.end);
      continue;
    }
    const who = rest.charCodeAt(0) === BRACKET ? CALLER_ONLY.exec(rest) : null;
    if (who) {
      stamped = true;
      caller = who[1];
      rest = rest.slice(who[0].length);
      continue;
    }
    // Behind the kernel's stamp or its name in syslog is what the kernel said, whatever it looks like.
    if (time !== undefined || tagged) break;
    const cut = i === 0 ? CUT_STAMP.exec(rest) : null;
    if (cut) {
      stamped = true;
      caller = cut[1] ?? caller;
      rest = rest.slice(cut[0].length);
      continue;
    }
    // A line of a report that has no prefix at all; none begins with a blank.
    if (first === SPACE) break;
    const sent = i === 0 ? SENT_KMSG.exec(rest) : null;
    if (sent) rest = rest.slice(sent[0].length);
    const kmsg = KMSG.exec(rest);
    if (kmsg) {
      stamped = true;
      time = Number(kmsg[1]) / 1e6;
      caller = kmsg[2] ?? caller;
      rest = rest.slice(kmsg[0].length);
      break;
    }
    const json = DOCKER.exec(rest);
    if (json) {
      rest = unquoted(json[1] ?? '');
      marks = ANY;
      continue;
    }
    const dated = SYSLOG_DATE.test(rest);
    const syslog = dated || i > 0 ? SYSLOG.exec(rest) : null;
    if (syslog) {
      // Behind a date of another form, two words and a colon may be a message's beginning.
      if (!dated && syslog[3] !== 'kernel' && recognise(rest) !== undefined) break;
      rest = rest.slice(syslog[0].length);
      // Some daemons give the kernel another name; what has its stamp and no process is its all the same.
      userspace =
        syslog[3] !== 'kernel' && (syslog[0].includes('[') || stampOf(rest) === undefined);
      if (userspace) break;
      tagged = true;
      continue;
    }
    const collector = dated ? null : collected(rest);
    if (collector) rest = rest.slice(collector[0].length);
    else if (!level) break;
  }
  const text = rest.trimEnd();
  const inner = userspace || !outer ? NONE : innerLines(rest, number, marks);
  return { number, text, caller, time, stamped, userspace, tagged, marks, inner };
}

function collected(rest: string): RegExpExecArray | null {
  for (const pattern of COLLECTORS) {
    const match = pattern.exec(rest);
    if (match) return match;
  }
  const prompt = rest.includes('login:') ? PROMPT.exec(rest) : null;
  return prompt?.[0] === '' ? null : prompt;
}

/** A line of docker's json-file logs. */
const DOCKER = /^\{"log":"((?:[^"\\]|\\.)*)"/;

function unquoted(text: string): string {
  try {
    return String(JSON.parse(`"${text}"`)).trimEnd();
  } catch {
    return text;
  }
}

function innerLines(text: string, number: number, marks: number): readonly ConsoleLine[] {
  if (!text.includes('[')) return NONE;
  const found: ConsoleLine[] = [];
  SECOND_STAMP.lastIndex = 0;
  for (let m = SECOND_STAMP.exec(text); m && found.length < 4; m = SECOND_STAMP.exec(text)) {
    if (m.index === 0 || QUOTING.test(text.slice(Math.max(0, m.index - 200), m.index))) continue;
    const line = parsePart(text.slice(m.index), number, marks, false);
    found.push({ ...line, stamped: true, userspace: false, tagged: false, inner: NONE });
  }
  return found.length === 0 ? NONE : found;
}
