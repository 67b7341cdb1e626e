// SPDX-License-Identifier: MIT
import { expect, test } from 'vitest';
import { scanConsole } from '../../../harness/console/index.js';
import { bytes } from './support.js';

const HEAD = 'kernel BUG at fs/demo.c:12!';

test.each([
  ['bare', ''],
  ['seconds', '[   12.345678] '],
  ['task caller', '[   12.345678][ T1234] '],
  ['cpu caller', '[   12.345678][    C0] '],
  ['caller only', '[    T1] '],
  ['level', '<0>'],
  ['level and stamp', '<4>[   12.345678] '],
  ['syslog', 'Nov 24 00:17:01 host kernel: [   12.345678] '],
  ['busybox syslog', 'Nov 24 00:17:01 host kern.warn kernel: [   12.345678] '],
  ['journal', 'Nov 24 00:17:01 host kernel: '],
  ['journal, iso', '2026-11-24T00:17:01+0000 host kernel: '],
  ['dmesg -T', '[Tue Nov 24 00:17:01 2026] '],
  ['dmesg -x', 'kern  :emerg : [   12.345678] '],
  ['dmesg iso', '2026-11-24T00:17:01,123456+00:00 '],
  ['collector', '2026/11/24 00:17:01 '],
  ['ci', '2026-11-24T00:17:01.1234567Z [   12.345678] '],
  ['compose', 'guest-1  | [   12.345678] '],
  ['login prompt', 'host login: [   12.345678] '],
  ['torn into another line', 'Starting somethi[   12.345678] '],
  ['ansi', '\u001b[1m\u001b[31m[   12.345678] '],
])('%s', (_, prefix) => {
  const findings = scanConsole(`hello\n${prefix}${HEAD}`);
  expect(findings.map((f) => [f.line, f.head])).toEqual([[2, HEAD]]);
});

test('CRLF, NUL and invalid UTF-8 do not hide a head', () => {
  const log = Uint8Array.from([
    ...bytes('ok\r\n'),
    0xff,
    0xfe,
    10,
    0,
    ...bytes(`[    1.000000] ${HEAD}\r\r\n`),
    0xc3,
  ]);
  expect(scanConsole(log).map((f) => [f.line, f.head])).toEqual([[3, HEAD]]);
});
