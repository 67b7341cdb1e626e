// SPDX-License-Identifier: MIT
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { scanConsole } from '../../../harness/console/index.js';
import { LOGGERS, loggedBy, type Printed, readConsole } from './loggers.js';
import { FIXTURES } from './support.js';

const loggers = Object.keys(LOGGERS);
const boots = readdirSync(join(FIXTURES, 'boots')).filter((name) => name.endsWith('.log'));
const read = (folder: string, name: string): Printed[] =>
  readConsole(readFileSync(join(folder, name), 'latin1'));

describe.each(loggers)('%s', (logger) => {
  test('healthy boots are silent', () => {
    for (const name of boots) {
      const log = loggedBy(logger, read(join(FIXTURES, 'boots'), name));
      expect(
        scanConsole(log).map((f) => f.head),
        name,
      ).toEqual([]);
    }
  });

  test.each(REPORTS())('a crash in a boot is found: %s', (head, report, name) => {
    const boot = read(join(FIXTURES, 'boots'), boots[0] ?? '');
    const before = boot.slice(0, 80);
    const after = boot.slice(80, 100);
    const seconds = before.at(-1)?.seconds ?? 0;
    const lines = [...before, ...report.map((message) => ({ seconds, message })), ...after];
    const found = scanConsole(loggedBy(logger, lines));
    expect(found.map((f) => [f.line, f.function])).toEqual([[81, name]]);
    expect(found[0]?.head).toBe(head);
  });

  test.each(REPORTS())('and where the log begins with it: %s', (head, report) => {
    const lines = report.map((message) => ({ seconds: 1, message }));
    expect(scanConsole(loggedBy(logger, lines)).map((f) => [f.line, f.head])).toEqual([[1, head]]);
  });
});

/** Heads of one, two and more words, each with the lines that follow it. */
function REPORTS(): [head: string, report: string[], name: string][] {
  const body = (place: string): string[] => [
    'Modules linked in: demo',
    'CPU: 1 PID: 7 Comm: sh Not tainted 6.1.0 #1',
    'Hardware name: QEMU Standard PC',
    place,
    'Call Trace:',
    ' <TASK>',
    ' demo_caller+0x1/0x20',
    ' vfs_write+0x1/0x20',
    ' </TASK>',
    '---[ end trace 0000000000000000 ]---',
  ];
  const x86 = body('RIP: 0010:demo_fn+0x10/0x20 [demo]');
  return [
    ['BUG: unable to handle page fault for address: ffff888000000000', x86],
    ['BUG: kernel NULL pointer dereference, address: 0000000000000010', x86],
    ['divide error: 0000 [#1] PREEMPT SMP', x86],
    ['invalid opcode: 0000 [#1] PREEMPT SMP', x86],
    ['stack segment: 0000 [#1] PREEMPT SMP', x86],
    ['kernel BUG at fs/demo.c:12!', x86],
    ['WARNING: CPU: 1 PID: 7 at fs/demo.c:12 demo_fn+0x10/0x20 [demo]', x86],
    [
      'Internal error: synchronous external abort: 96000010 [#1] SMP',
      body('pc : demo_fn+0x10/0x20'),
    ],
    ['Unhandled fault: external abort (0x808) at 0xb6f0c000', body('PC is at demo_fn+0x10/0x20')],
    [
      'specification exception: 0006 ilc:3 [#1] SMP',
      body('Krnl PSW : 0404c00180000000 0000000000123456 (demo_fn+0x10/0x20)'),
    ],
    [
      'NMI watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [sh:7]',
      body('RIP: 0010:demo_caller+0x10/0x20'),
    ],
  ].map(([head, rest]) => [
    head as string,
    [head as string, ...(rest as string[])],
    (head as string).includes('lockup') ? 'demo_caller' : 'demo_fn',
  ]);
}

test('a program that says the same is not the kernel', () => {
  const boot = read(join(FIXTURES, 'boots'), boots[0] ?? '').slice(0, 60);
  for (const [head] of REPORTS()) {
    for (const prefix of ['demo[12]: ', 'Apr 15 13:58:08 h demo[12]: ', 'Apr 15 13:58:08 demo: ']) {
      const said = { seconds: 9, message: `${prefix}${head}` };
      for (const logger of ['journal, short', 'journal, short-iso', 'printk with callers']) {
        const log = loggedBy(logger, [...boot, said, ...boot]);
        expect(
          scanConsole(log).map((f) => f.head),
          `${logger}: ${prefix}`,
        ).toEqual([]);
      }
    }
  }
});

/** Consoles of more boots, outside the repository: `DMRACE_BOOTS=DIR`. */
const more = process.env.DMRACE_BOOTS ?? '';
test.skipIf(!existsSync(more))(
  `more boots are silent${more === '' ? ' (no DMRACE_BOOTS)' : ''}`,
  () => {
    const flagged: string[] = [];
    const names = readdirSync(more).filter((name) => name.endsWith('.log'));
    for (const name of names) {
      if (scanConsole(readFileSync(join(more, name))).length > 0) flagged.push(name);
      for (const logger of loggers) {
        if (scanConsole(loggedBy(logger, read(more, name))).length > 0)
          flagged.push(`${name}: ${logger}`);
      }
    }
    console.log(`${names.length} boots, ${loggers.length} loggers: ${flagged.length} flagged`);
    expect(flagged).toEqual([]);
  },
);
