// SPDX-License-Identifier: MIT
import type { Arch } from './arch.js';

export const arm64: Arch = {
  name: 'arm64',
  names: {
    debian: 'arm64',
    kernel: 'arm64',
    node: 'arm64',
    machine: 'aarch64',
    triplet: 'aarch64-linux-gnu',
  },
  qemu: {
    binary: 'qemu-system-aarch64',
    // Under KVM the guest gets the interrupt controller that the host has (docs/system/arm/virt.rst).
    machine: { tcg: 'virt,gic-version=2', kvm: 'virt,gic-version=host' },
    // ARMv8.0: nothing to emulate for pointer authentication, and no RNDR. `max` works as well: x30 is
    // not signed yet where the probe reads it, and the kernel's stack traces strip signatures.
    tcgCpu: 'cortex-a57',
    // Linux 6.1 has no asynchronous page faults for arm64 guests.
    kvmCpu: 'host',
    deterministicCpu: 'cortex-a57',
    programCounter: /PC=\S+/,
    pausesItself: false,
    package: 'qemu-system-arm',
  },
  kernel: {
    console: 'ttyAMA0',
    image: 'arch/arm64/boot/Image',
    fragment: 'race-arm64',
    // arm64's defconfig is every board and 1500 modules; this one is Kconfig's own defaults.
    baseTarget: 'alldefconfig',
    vmlinuxOption: null,
    // The plain and cloud flavours of 6.1 and 6.12 are PREEMPT_VOLUNTARY without PREEMPT_DYNAMIC.
    debianFlavour: 'rt-arm64',
    auditParameters: [],
    // arch/arm64/kernel/traps.c, die(). Before 5.17 it called do_exit(), as every process does.
    deaths: ['make_task_dead'],
    portModules: ['virtio_pci', 'virtio_console'],
  },
  // arch/arm64/Kconfig, 48-bit addresses, v6.12.
  kasanShadowOffset: 0xdfff800000000000n,
  gdb: { name: 'aarch64', elfMachine: 183, breakpointKind: 4, pc: 32, sp: 31, link: 30 },
  dump: {
    pc: 32,
    sp: 31,
    image: 'kimage_voffset',
    saved: null,
    drgn: {
      pc: 'pc',
      // PSTATE's mode: EL1 or EL2 (Arm ARM, SPSR_EL1).
      kernel: 'regs.pstate.value_() & 0x1f in (4, 5, 8, 9)',
      caller: `def caller(frame):
    # x29 points at a record of the caller's x29 and of the return address (AAPCS64, 6.4.6).
    fp = frame.register('x29')
    regs = [0] * 31
    regs[29] = prog.read_u64(fp)
    return Object(prog, 'struct pt_regs', value={
        'regs': regs, 'sp': fp + 16, 'pc': prog.read_u64(fp + 8), 'pstate': 5})`,
    },
  },
  // The link register (x30), AAPCS64 section 6.1.1.
  returnAddress: '%x30',
  // AAPCS64 section 6.4.2.
  argumentRegisters: ['%x0', '%x1'],
  disassembly: { objdump: 'aarch64', call: /^bl$/, jump: /^b$/, ret: /^ret/, symbols: [] },
  loader: { name: 'ld-linux-aarch64.so.1', directory: 'lib' },
  hostNeeds: [],
};
