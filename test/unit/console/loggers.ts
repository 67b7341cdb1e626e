// SPDX-License-Identifier: MIT

/** A line of a console: when it was printed, and what. */
export interface Printed {
  readonly seconds: number;
  readonly message: string;
}

/** Reads a console with printk's stamps; lines without one get that of the line before. */
export function readConsole(log: string): Printed[] {
  let seconds = 0;
  return log.split(/\r*\n/).map((line) => {
    const stamp = /^\[ *(\d+\.\d{6})\](?:\[ *[CT]\d+\])? ?/.exec(line);
    if (stamp) seconds = Number(stamp[1]);
    return { seconds, message: line.slice(stamp?.[0].length ?? 0) };
  });
}

const BOOTED = Date.UTC(2026, 10, 24, 0, 17, 1, 482);
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

const at = (p: Printed): Date => new Date(BOOTED + Math.round(p.seconds * 1000));
const iso = (p: Printed): string => at(p).toISOString();
const micros = (p: Printed): string => `${iso(p).slice(0, -1)}123`;
const clock = (p: Printed): string => iso(p).slice(11, 19);
const bsd = (p: Printed): string =>
  `${MONTHS[at(p).getUTCMonth()]} ${String(at(p).getUTCDate()).padStart(2)} ${clock(p)}`;
const stamp = (p: Printed): string => `[${p.seconds.toFixed(6).padStart(12)}] `;
const level = (p: Printed): number => 3 + (p.message.length % 4);
const LEVELS = ['emerg', 'alert', 'crit', 'err', 'warn', 'notice', 'info', 'debug'];
/** Programs speak on the console too; a logger says so. */
const speaker = (p: Printed): string => (/^(\w[\w.-]*\[\d+\]): /.exec(p.message) ? '' : 'kernel: ');

/** How loggers write one line; each is that logger's default form. */
export const LOGGERS: Readonly<Record<string, (p: Printed) => string>> = {
  // printk with CONFIG_PRINTK_CALLER.
  'printk with callers': (p) => `[${p.seconds.toFixed(6).padStart(12)}][    T1] ${p.message}`,
  // journalctl -o short, and rsyslog's RSYSLOG_TraditionalFileFormat.
  'journal, short': (p) => `${bsd(p)} host ${speaker(p)}${p.message}`,
  'journal, short-iso': (p) => `${iso(p).slice(0, 19)}+0000 host ${speaker(p)}${p.message}`,
  'journal, short-full': (p) =>
    `${DAYS[at(p).getUTCDay()]} ${iso(p).slice(0, 10)} ${clock(p)} UTC host ${speaker(p)}${p.message}`,
  'journal, short-monotonic': (p) => `${stamp(p)}host ${speaker(p)}${p.message}`,
  'syslog with the kernel stamp': (p) => `${bsd(p)} host kernel: ${stamp(p)}${p.message}`,
  'syslog without a host': (p) => `${bsd(p)} ${speaker(p)}${p.message}`,
  'RFC 5424': (p) => `<${level(p)}>1 ${micros(p)}+00:00 host kernel - - - ${p.message}`,
  'dmesg -T': (p) =>
    `[${DAYS[at(p).getUTCDay()]} ${bsd(p)} ${at(p).getUTCFullYear()}] ${p.message}`,
  'dmesg -x': (p) => `kern  :${(LEVELS[level(p)] ?? '').padEnd(6)}: ${stamp(p)}${p.message}`,
  'dmesg --time-format iso': (p) => `${micros(p).replace('.', ',')}+00:00 ${p.message}`,
  'GitHub Actions': (p) => `${micros(p)}4Z ${stamp(p)}${p.message}`,
  'ts(1)': (p) => `${bsd(p)} ${stamp(p)}${p.message}`,
  LAVA: (p) => `${iso(p).slice(0, -1)} ${stamp(p)}${p.message}`,
  'a serial terminal': (p) => `[${iso(p).slice(0, 23).replace('T', ' ')}] ttyS0> ${p.message}`,
  'netconsole, extended': (p) =>
    `${level(p)},${Math.round(p.seconds * 1000)},${Math.round(p.seconds * 1e6)},-;${p.message}`,
  'Android logcat': (p) =>
    `${iso(p).slice(5, 23).replace('T', ' ')}     0     0 ${'EWWI'[level(p) - 3] ?? 'I'}         : ${p.message}`,
  'docker, json-file': (p) =>
    JSON.stringify({ log: `${stamp(p)}${p.message}\n`, stream: 'stdout', time: `${micros(p)}Z` }),
  'docker compose': (p) => `guest-1  | ${stamp(p)}${p.message}`,
  'kubectl, CRI': (p) => `${micros(p)}456Z stdout F ${p.message}`,
};

/** A console as a logger would have saved it. */
export function loggedBy(logger: string, console: readonly Printed[]): string {
  const line = LOGGERS[logger];
  if (line === undefined) throw new Error(`no logger ${logger}`);
  return `${console.map(line).join('\n')}\n`;
}
