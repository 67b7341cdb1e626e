// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { guestConf } from '../../../harness/initramfs/conf.js';
import { ARCH } from '../../../harness/model/arch/index.js';
import type { GuestSetUp } from '../../../harness/model/guest-set-up.js';

const SET_UP: GuestSetUp = {
  prepare: 'race',
  helper: true,
  probes: ['p:dmrace/got got kobj=$arg1:x64', 'p:dmrace/wait wait r={refcount}($arg1) c={return}'],
  events: ['sched/sched_switch', 'module'],
  wake: [
    { name: 'one', events: [], wakesAtOnce: false },
    { name: 'two', events: ['a/b', 'c/d'], wakesAtOnce: true },
  ],
  symbols: ['complete', '_stext'],
};
const SUSPECT = { name: 'dm_mod', object: 'dm-mod.ko' };

describe('what the guest is told', () => {
  it('is variables for the shell, and lists of one entry a line', () => {
    expect(guestConf(SET_UP, SUSPECT, ARCH.x86_64)).toEqual({
      'etc/dmrace.conf': [
        `PREPARE='race'`,
        `HELPER='1'`,
        `SUSPECT='dm_mod'`,
        `MODULES='dm-mod.ko'`,
        `SYMBOLS='complete _stext ${ARCH.x86_64.disassembly.symbols.join(' ')}'`,
        '',
      ].join('\n'),
      'etc/dmrace.probes':
        'p:dmrace/got got kobj=$arg1:x64\np:dmrace/wait wait r={refcount}($arg1) c=$stack0\n',
      'etc/dmrace.probes-by-register':
        'p:dmrace/got got kobj=%di:x64\np:dmrace/wait wait r={refcount}(%di) c=$stack0\n',
      'etc/dmrace.wake': 'one 0\ntwo 1 a/b c/d\n',
      'etc/dmrace.events': 'sched/sched_switch\nmodule\n',
    });
  });

  it('has the return address of the architecture, and says when there is no helper', () => {
    const files = guestConf({ ...SET_UP, helper: false }, SUSPECT, ARCH.arm64);
    expect(files['etc/dmrace.probes']).toContain(' c=%x30\n');
    expect(files['etc/dmrace.probes-by-register']).toContain(' r={refcount}(%x0) c=%x30\n');
    expect(files['etc/dmrace.conf']).toContain(`HELPER='0'\n`);
  });

  it('is read by a shell as it was written', () => {
    const conf = guestConf(SET_UP, SUSPECT, ARCH.arm64)['etc/dmrace.conf'];
    const read = execFileSync('sh', ['-c', `${conf}\necho "$PREPARE|$HELPER|$MODULES|$SYMBOLS"`]);
    expect(String(read)).toBe('race|1|dm-mod.ko|complete _stext\n');
  });
});
