// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ARCH } from '../../../harness/model/arch/index.js';
import type { MachineSpec } from '../../../harness/ports.js';
import {
  pasteable,
  qemuCommandLine,
  quote,
  type Sockets,
} from '../../../harness/qemu/command-line.js';

const SOCKETS: Sockets = {
  console: '/tmp/s/console',
  records: '/tmp/s/records',
  commands: '/tmp/s/commands',
  trace: '/tmp/s/trace',
  qmp: '/tmp/s/qmp',
};
const SPEC: MachineSpec = {
  arch: ARCH.x86_64,
  accel: 'tcg',
  image: '/c/vmlinuz',
  initramfs: '/c/initramfs',
  parameters: ['preempt=full'],
  memoryMiB: 256,
  restoreFrom: null,
  deterministic: false,
};

const argv = (spec: Partial<MachineSpec> = {}, sockets: Partial<Sockets> = {}): string[] =>
  qemuCommandLine({ ...SPEC, ...spec }, { ...SOCKETS, ...sockets });

/** The values of an option, in order. */
const of = (words: readonly string[], option: string): string[] =>
  words.flatMap((word, at) => (word === option ? [words[at + 1] ?? ''] : []));

describe('the command line', () => {
  it('is this one under TCG', () => {
    expect(argv()).toEqual([
      'qemu-system-x86_64',
      '-nodefaults',
      '-no-user-config',
      ...['-display', 'none'],
      '-no-reboot',
      ...['-machine', 'pc'],
      ...['-accel', 'tcg,thread=single'],
      ...['-cpu', 'qemu64,-cx16'],
      ...['-smp', '1'],
      ...['-m', '256M'],
      ...['-kernel', '/c/vmlinuz'],
      ...['-initrd', '/c/initramfs'],
      ...['-append', 'console=ttyS0 nokaslr panic=-1 preempt=full'],
      ...['-chardev', 'socket,id=console,path=/tmp/s/console,server=off'],
      ...['-serial', 'chardev:console'],
      ...['-device', 'virtio-serial-pci,id=ports'],
      ...['-chardev', 'socket,id=records,path=/tmp/s/records,server=off'],
      ...['-device', 'virtserialport,bus=ports.0,nr=1,chardev=records,name=dmrace.records'],
      ...['-chardev', 'socket,id=commands,path=/tmp/s/commands,server=off'],
      ...['-device', 'virtserialport,bus=ports.0,nr=2,chardev=commands,name=dmrace.commands'],
      ...['-chardev', 'socket,id=trace,path=/tmp/s/trace,server=off'],
      ...['-device', 'virtserialport,bus=ports.0,nr=3,chardev=trace,name=dmrace.trace'],
      ...['-qmp', 'unix:/tmp/s/qmp,server=off'],
    ]);
  });

  it.each([
    ['tcg', false, 'tcg,thread=single', 'qemu64,-cx16', []],
    ['tcg', true, 'tcg,thread=single', 'max,-rdrand,-rdseed,-cx16', ['shift=4,sleep=off']],
    ['kvm', false, 'kvm', 'host,-kvm-asyncpf,-kvm-asyncpf-int', []],
  ] as const)('of %s, deterministic %s', (accel, deterministic, accelerator, cpu, icount) => {
    const words = argv({ accel, deterministic });
    expect(of(words, '-accel')).toEqual([accelerator]);
    expect(of(words, '-cpu')).toEqual([cpu]);
    expect(of(words, '-icount')).toEqual(icount);
    expect(of(words, '-rtc')).toEqual(deterministic ? ['base=2020-01-01,clock=vm'] : []);
  });

  it('of a deterministic guest leaves nothing to the host’s clock', () => {
    const words = argv({ deterministic: true, command: 'trial nonce=1,2' });
    expect(of(words, '-append')[0]).toContain('dmrace.pause');
    expect(of(words, '-device')).toContain('pvpanic');
    expect(of(words, '-device')).toContain('virtio-serial-pci,id=ports,ioeventfd=off');
    expect(of(words, '-chardev')[0]).toMatch(/^file,id=console,/);
    expect(of(words, '-fw_cfg')).toEqual(['name=opt/dmrace/command,string=trial nonce=1,,2']);
    expect(of(argv(), '-fw_cfg')).toEqual([]);
  });

  it.each([
    ['tcg', false, 'cortex-a57'],
    ['tcg', true, 'cortex-a57'],
    ['kvm', false, 'host'],
  ] as const)('of arm64 under %s, deterministic %s', (accel, deterministic, cpu) => {
    const words = argv({ arch: ARCH.arm64, accel, deterministic });
    expect(words[0]).toBe('qemu-system-aarch64');
    // The host's own interrupt controller under KVM; one that TCG can save under TCG.
    expect(of(words, '-machine')).toEqual([
      accel === 'kvm' ? 'virt,gic-version=host' : 'virt,gic-version=2',
    ]);
    expect(of(words, '-cpu')).toEqual([cpu]);
    expect(of(words, '-append')[0]).toMatch(/^console=ttyAMA0 /);
  });

  it.each(['tcg', 'kvm'] as const)('has one vCPU, always (%s)', (accel) => {
    expect(of(argv({ accel }), '-smp')).toEqual(['1']);
  });

  it('restores from a saved state', () => {
    expect(of(argv(), '-incoming')).toEqual([]);
    expect(of(argv({ restoreFrom: '/c' }), '-incoming')).toEqual(['defer']);
  });

  it('keeps the memory of a guest that is to be saved in a shared file, of a restored one in a private view', () => {
    expect(of(argv(), '-object')).toEqual([]);
    const saved = argv({ memoryIn: '/a,b' });
    expect(of(saved, '-object')[0]).toMatch(/,mem-path=\/a,,b\/memory,share=on$/);
    expect(of(saved, '-machine')[0]).toMatch(/,memory-backend=memory$/);
    const restored = argv({ restoreFrom: '/s' });
    expect(of(restored, '-object')[0]).toMatch(/,mem-path=\/s\/memory,share=off$/);
  });

  it('writes a comma in a socket’s path twice, and in the kernel’s not', () => {
    const words = argv(
      { image: '/a,b/vmlinuz' },
      { console: '/tmp/a,b/console', qmp: '/tmp/a,,b/qmp', trace: '/tmp/a,b/trace' },
    );
    expect(words).toContain('socket,id=console,path=/tmp/a,,b/console,server=off');
    expect(words).toContain('socket,id=trace,path=/tmp/a,,b/trace,server=off');
    expect(of(words, '-qmp')).toEqual(['unix:/tmp/a,,,,b/qmp,server=off']);
    expect(of(words, '-kernel')).toEqual(['/a,b/vmlinuz']);
  });

  it('without parameters has the fixed ones', () => {
    expect(of(argv({ parameters: [] }), '-append')).toEqual(['console=ttyS0 nokaslr panic=-1']);
  });

  it('is the same for the same machine', () => {
    expect(argv()).toEqual(argv());
  });
});

describe('a line to paste', () => {
  it.each([
    ['plain', 'plain'],
    ['/a/b-c_d.e', '/a/b-c_d.e'],
    ['a=b,c:d@e%f+g', 'a=b,c:d@e%f+g'],
    ['', "''"],
    ['two words', "'two words'"],
    ['$HOME', "'$HOME'"],
    ['~root', "'~root'"],
    ['a;b', "'a;b'"],
    ["it's", "'it'\\''s'"],
    ['a\nb', "'a\nb'"],
  ])('quotes %j as %s', (word, quoted) => {
    expect(quote(word)).toBe(quoted);
  });

  it('ends its line', () => {
    expect(pasteable(['qemu', '-append', 'a b'])).toBe("qemu -append 'a b'\n");
  });

  it('means the same words to a shell, whatever they are', () => {
    const word = fc
      .string({ unit: 'binary', maxLength: 20 })
      .filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), (words) => {
        const said = execFileSync('sh', ['-c', `printf '%s\\0' ${pasteable(words)}`]).toString();
        expect(said).toBe(words.map((one) => `${one}\0`).join(''));
      }),
      { numRuns: 40 },
    );
  });
});

it('gives the guest read-only disks that it knows by their serials', () => {
  const disks = [
    { image: '/c/a,b.ext4', serial: 'dmrace-tools' },
    { image: '/c/m.ext4', serial: 'dmrace-modules' },
  ];
  const words = argv({ disks });
  expect(of(words, '-drive')).toEqual([
    'if=none,id=dmrace-tools,file=/c/a,,b.ext4,format=raw,readonly=on,file.locking=off',
    'if=none,id=dmrace-modules,file=/c/m.ext4,format=raw,readonly=on,file.locking=off',
  ]);
  expect(words).toContain('virtio-blk-pci,drive=dmrace-tools,serial=dmrace-tools');
  expect(of(argv(), '-drive')).toEqual([]);
});

it('counts instructions where that is asked for', () => {
  expect(of(argv({ icount: 1 }), '-icount')).toEqual(['shift=1,sleep=on']);
  expect(of(argv(), '-icount')).toEqual([]);
});
