// SPDX-License-Identifier: MIT
import type { Arch } from './arch.js';

/** struct pt_regs: 21 words (arch/x86/include/asm/ptrace.h). */
const PT_REGS = 21n * 8n;

/**
 * In 64-bit mode a processor aligns the stack to 16 bytes before it pushes SS, RSP and the rest of a
 * frame (Intel SDM, volume 3, "Stack Switching in IA-32e Mode"), so the registers end at the RSP of
 * the report or 8 bytes below it: a kernel's stack is aligned to 8, and its depth is random
 * (CONFIG_RANDOMIZE_KSTACK_OFFSET). crash 8.0.2 finds the frame of code that is gone in the first
 * case only: of nine dumps of 6.1.192 in the five whose RSP is a multiple of 16.
 */
function savedRegisters(report: readonly string[]): string | undefined {
  for (const line of report) {
    const [, sp] = /^RSP: 0018:([0-9a-f]{16})\b/.exec(line) ?? [];
    if (sp !== undefined) return ((BigInt(`0x${sp}`) & ~0xfn) - PT_REGS).toString(16);
  }
  return undefined;
}

export const x86_64: Arch = {
  name: 'x86_64',
  names: {
    debian: 'amd64',
    kernel: 'x86',
    node: 'x64',
    machine: 'x86_64',
    triplet: 'x86_64-linux-gnu',
  },
  qemu: {
    binary: 'qemu-system-x86_64',
    machine: { tcg: 'pc', kvm: 'pc' },
    // Boots faster under TCG than `max`: fewer features to emulate and to probe. Without cx16,
    // because QEMU before 8.0 computes the flags after cmpxchg16b from a stale cc_op
    // (target/i386/tcg/mem_helper.c, helper_cmpxchg16b_unlocked(); inlined since): depending on the
    // instructions before it the slab allocator (mm/slub.c) then goes wrong. Seen with QEMU 7.2 on
    // Debian's 6.12.95, which with preempt=full crashed in every boot.
    tcgCpu: 'qemu64,-cx16',
    // Without asynchronous page faults: where the host has to read a page of the guest's memory in
    // (a saved guest's file, out of the page cache), KVM tells the guest, which then runs another
    // task (Linux 6.1, arch/x86/kernel/kvm.c, kvm_async_pf_task_wait_schedule()): a party of the race
    // would sleep in the middle of the window. Without them the whole processor waits. Kernels
    // since 5.8 ask for the second bit, earlier ones for the first.
    kvmCpu: 'host,-kvm-asyncpf,-kvm-asyncpf-int',
    deterministicCpu: 'max,-rdrand,-rdseed,-cx16',
    programCounter: /RIP=\S+ RFL=\S+/,
    // Ports of its pvpanic and fw_cfg devices.
    pausesItself: true,
    package: 'qemu-system-x86',
  },
  kernel: {
    console: 'ttyS0',
    image: 'arch/x86/boot/bzImage',
    fragment: 'race-x86_64',
    baseTarget: 'defconfig',
    // An ELF with a PVH note needs no firmware and no decompression (QEMU's hw/i386/x86.c, since 4.0).
    vmlinuxOption: 'PVH',
    debianFlavour: 'cloud-amd64',
    // A loaded host's timer interrupts are late, and the kernel gives up on its IO-APIC
    // (arch/x86/kernel/apic/io_apic.c, check_timer()).
    auditParameters: ['no_timer_check'],
    // arch/x86/kernel/dumpstack.c, oops_end(): called last, on the stack of the fault. Renamed in 5.17.
    deaths: ['rewind_stack_and_make_dead', 'rewind_stack_do_exit'],
    portModules: ['virtio_pci', 'virtio_console'],
  },
  // arch/x86/Kconfig, v6.12.
  kasanShadowOffset: 0xdffffc0000000000n,
  gdb: {
    name: 'i386:x86-64',
    elfMachine: 62,
    breakpointKind: 1,
    pc: 16,
    sp: 7,
    link: null,
  },
  dump: {
    pc: 16,
    sp: 19,
    image: 'phys_base',
    saved: savedRegisters,
    drgn: {
      pc: 'ip',
      kernel: 'regs.cs.value_() & 0xffff == 0x10',
      caller: `def caller(frame):
    # The return address is the first word of the stack that lies in a function of the kernel.
    sp = frame.register('rsp')
    for slot in range(sp, sp + 128, 8):
        ip = prog.read_u64(slot)
        if function(ip):
            return Object(prog, 'struct pt_regs', value={
                'ip': ip, 'sp': slot + 8, 'bp': frame.register('rbp'), 'cs': 0x10, 'ss': 0x18})`,
    },
  },
  // The caller pushed it: the word on top of the stack.
  returnAddress: '$stack0',
  // System V ABI, AMD64 supplement, section 3.2.3; kprobe's names (arch/x86/kernel/ptrace.c).
  argumentRegisters: ['%di', '%si'],
  disassembly: {
    objdump: 'i386:x86-64',
    call: /^call/,
    jump: /^jmp/,
    ret: /^(repz )?ret/,
    // A mitigation has returns go through a thunk of its own (Linux 6.1.192 and 6.12,
    // arch/x86/lib/retpoline.S; the kernel patches them in, arch/x86/kernel/cpu/bugs.c).
    symbols: [
      '__fentry__',
      ...['__x86_return_thunk', 'retbleed_return_thunk', 'srso_return_thunk'],
      ...['srso_alias_return_thunk', 'its_return_thunk', 'call_depth_return_thunk'],
    ],
  },
  loader: { name: 'ld-linux-x86-64.so.2', directory: 'lib64' },
  hostNeeds: [
    {
      needs: '/usr/lib/x86_64-linux-gnu/libelf.so.1',
      package: 'libelf1',
      why: 'objtool of the kernel’s headers needs it',
    },
  ],
};
