// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { readTailCall } from '../../../harness/evidence/tail-call.js';
import { ARCH } from '../../../harness/model/arch/index.js';

const X86 = ARCH.x86_64.disassembly;
const ARM = ARCH.arm64.disassembly;
const X86_NAMES = new Map([
  [0xffffffff810f6f40n, 'complete'],
  [0xffffffff8106b730n, '__fentry__'],
  [0xffffffff81e01ef0n, '__x86_return_thunk'],
]);
const ARM_NAMES = new Map([[0xffff8000100f6f40n, 'complete']]);

const HEAD = `
/tmp/dmrace-code-x/code:     file format binary


Disassembly of section .data:

`;

// objdump 2.40 -D -b binary -m i386:x86-64 of Debian's 6.1 vmlinux (ORC: a tail call).
const JUMP = `${HEAD}ffffffff81765910 <.data>:
ffffffff81765910:\t0f 1f 44 00 00       \tnopl   0x0(%rax,%rax,1)
ffffffff81765915:\t48 83 c7 40          \tadd    $0x40,%rdi
ffffffff81765919:\te9 22 16 99 ff       \tjmp    0xffffffff810f6f40
ffffffff8176591e:\t66 90                \txchg   %ax,%ax
ffffffff81765920:\te8 1b 16 99 ff       \tcall   0xffffffff810f6f40
`;

// The control: -fno-optimize-sibling-calls.
const CALL = `${HEAD}ffffffffc0233890 <.data>:
ffffffffc0233890:\t0f 1f 44 00 00       \tnopl   0x0(%rax,%rax,1)
ffffffffc0233895:\t48 83 c7 40          \tadd    $0x40,%rdi
ffffffffc0233899:\te8 a2 36 ec c0       \tcall   0xffffffff810f6f40
ffffffffc023389e:\te9 4d e6 bc c1       \tjmp    0xffffffff81e01ef0
ffffffffc02338a3:\t66 66 2e 0f 1f 84 00 \tdata16 cs nopw 0x0(%rax,%rax,1)
ffffffffc02338aa:\t00 00 00 00 
ffffffffc02338ae:\te9 8d 36 ec c0       \tjmp    0xffffffff810f6f40
`;

const CALL_WITH_FRAME = `${HEAD}ffffffff81765910 <.data>:
ffffffff81765910:\te8 1b 5e 90 ff       \tcallq  0xffffffff8106b730
ffffffff81765915:\t55                   \tpush   %rbp
ffffffff81765916:\t48 89 e5             \tmov    %rsp,%rbp
ffffffff81765919:\te8 22 16 99 ff       \tcallq  0xffffffff810f6f40
ffffffff8176591e:\t5d                   \tpop    %rbp
ffffffff8176591f:\tc3                   \tretq
ffffffff81765920:\te9 1b 16 99 ff       \tjmpq   0xffffffff810f6f40
`;

const ARM_CALL = `${HEAD}ffff8000108a2340 <.data>:
ffff8000108a2340:\td503233f \tpaciasp
ffff8000108a2344:\ta9bf7bfd \tstp\tx29, x30, [sp, #-16]!
ffff8000108a2348:\t910003fd \tmov\tx29, sp
ffff8000108a234c:\t91010000 \tadd\tx0, x0, #0x40
ffff8000108a2350:\t97e152fc \tbl\t0xffff8000100f6f40
ffff8000108a2354:\ta8c17bfd \tldp\tx29, x30, [sp], #16
ffff8000108a2358:\td65f03c0 \tret
ffff8000108a235c:\t17e152f9 \tb\t0xffff8000100f6f40
`;

const ARM_JUMP = `${HEAD}ffff8000108a2340 <.data>:
ffff8000108a2340:\td503201f \tnop
ffff8000108a2344:\t91010000 \tadd\tx0, x0, #0x40
ffff8000108a2348:\t17e152fe \tb\t0xffff8000100f6f40
ffff8000108a234c:\t97e152fd \tbl\t0xffff8000100f6f40
`;

describe('the booted release method', () => {
  it('of stock x86 kernels jumps to complete()', () => {
    expect(readTailCall(JUMP, X86, X86_NAMES, 'complete')).toEqual({
      tailCall: true,
      instructions: [
        'ffffffff81765910: nopl 0x0(%rax,%rax,1)',
        'ffffffff81765915: add $0x40,%rdi',
        'ffffffff81765919: jmp ffffffff810f6f40 <complete>',
      ],
    });
  });

  it('of the control calls it, and ends at the return thunk', () => {
    expect(readTailCall(CALL, X86, X86_NAMES, 'complete')).toEqual({
      tailCall: false,
      instructions: [
        'ffffffffc0233890: nopl 0x0(%rax,%rax,1)',
        'ffffffffc0233895: add $0x40,%rdi',
        'ffffffffc0233899: call ffffffff810f6f40 <complete>',
        'ffffffffc023389e: jmp ffffffff81e01ef0 <__x86_return_thunk>',
      ],
    });
  });

  it('with a frame pointer calls it; a call of __fentry__ is not one of complete()', () => {
    const read = readTailCall(CALL_WITH_FRAME, X86, X86_NAMES, 'complete');
    expect(read.tailCall).toBe(false);
    expect(read.instructions[0]).toBe('ffffffff81765910: callq ffffffff8106b730 <__fentry__>');
    expect(read.instructions.at(-1)).toBe('ffffffff8176591f: retq');
  });

  it('of arm64 branches with link or without', () => {
    const call = readTailCall(ARM_CALL, ARM, ARM_NAMES, 'complete');
    expect(call.tailCall).toBe(false);
    expect(call.instructions).toHaveLength(7);
    expect(call.instructions.at(4)).toBe('ffff8000108a2350: bl ffff8000100f6f40 <complete>');
    const jump = readTailCall(ARM_JUMP, ARM, ARM_NAMES, 'complete');
    expect(jump.tailCall).toBe(true);
    expect(jump.instructions).toHaveLength(3);
  });

  it.each([
    ['its neighbour is not read', JUMP.replace(/^.*jmp.*$/m, 'ffffffff81765919:\tc3 \tret'), X86],
    ['another function is called', CALL.replaceAll('810f6f40', '810f6f50'), X86],
    ['there is nothing to read', '', X86],
    ['it is not a disassembly', 'objdump: code: file format not recognized', X86],
  ])('is unknown when %s', (_, text, mnemonics) => {
    expect(readTailCall(text, mnemonics, X86_NAMES, 'complete').tailCall).toBeNull();
  });

  it('is unknown when complete() has no address', () => {
    expect(readTailCall(CALL, X86, new Map(), 'complete').tailCall).toBeNull();
  });

  // BUG (reported): the mnemonic is one word, so "repz ret" (gcc before 8, AMD) is not an end.
  it('ends at "repz ret" too', () => {
    const text = CALL_WITH_FRAME.replace(
      'c3                   \tretq',
      'f3 c3                \trepz retq',
    );
    expect(readTailCall(text, X86, X86_NAMES, 'complete').tailCall).toBe(false);
  });
});
