// SPDX-License-Identifier: MIT
import type { ArchName } from '../kernel.js';

/** Everything that differs by architecture: to add one, write one such file and its fixtures. */
export interface Arch {
  readonly name: ArchName;
  /** Names of the same architecture elsewhere. */
  readonly names: {
    /** dpkg --print-architecture. */
    readonly debian: string;
    /** ARCH= of the kernel's build. */
    readonly kernel: string;
    /** process.arch of Node. */
    readonly node: string;
    /** uname -m. */
    readonly machine: string;
    /** GNU triplet of the toolchain, e.g. for a cross compiler's prefix. */
    readonly triplet: string;
  };
  readonly qemu: {
    readonly binary: string;
    /** -machine by accelerator. */
    readonly machine: Readonly<Record<'tcg' | 'kvm', string>>;
    /** -cpu under TCG. */
    readonly tcgCpu: string;
    /** -cpu under KVM: the host's, which is what the kernel would run on. */
    readonly kvmCpu: string;
    /** -cpu under TCG when two runs must be the same bit for bit: no source of entropy. */
    readonly deterministicCpu: string;
    /** The program counter's words in the monitor's `info registers`. */
    readonly programCounter: RegExp;
    /**
     * Whether a guest can stop its machine from inside (vm/guest/core/pause.c), which saves a
     * deterministic guest at the same instruction every time.
     */
    readonly pausesItself: boolean;
    /** The Debian package with the binary. */
    readonly package: string;
  };
  readonly kernel: {
    /** console= of the first serial port. */
    readonly console: string;
    /** Where the bootable image lies in a build tree. */
    readonly image: string;
    /** The fragment of kernel-config/ with what the race needs on it. */
    readonly fragment: string;
    /** make target of the configuration that profile `base` of a self-built kernel starts from. */
    readonly baseTarget: string;
    /** The option with which QEMU starts vmlinux itself, which boots faster; null where none does. */
    readonly vmlinuxOption: string | null;
    /** Debian's flavour whose stock image can run the race; --kernel debian:VERSION/FLAVOUR takes another. */
    readonly debianFlavour: string;
    /** Parameters of an audit's guests, whose kernels are full flavours. */
    readonly auditParameters: readonly string[];
    /**
     * Functions that take a task apart whose report of an oops is complete, by its end of the stack; the
     * first that the kernel has. Empty where each one's stack is gone by then.
     */
    readonly deaths: readonly string[];
    /** Modules that a modular kernel needs for the ports, without dependencies. */
    readonly portModules: readonly string[];
  };
  /** KASAN_SHADOW_OFFSET of generic KASAN, as 64-bit kernels of it are configured; null without one. */
  readonly kasanShadowOffset: bigint | null;
  /** What gdb and QEMU's gdbstub call things. */
  readonly gdb: {
    /** `set architecture`. */
    readonly name: string;
    /** e_machine of ELF files. */
    readonly elfMachine: number;
    /** The kind of a breakpoint in packet Z0. */
    readonly breakpointKind: number;
    /** Numbers of 64-bit registers in packet g. */
    readonly pc: number;
    readonly sp: number;
    /** The register with the return address at a function's entry; null: the word at sp. */
    readonly link: number | null;
  };
  /** What dumps of its memory are read with (symbols/vmcore.ts, dump-scripts.ts). */
  readonly dump: {
    /** Numbers of 64-bit registers in pr_reg of `struct elf_prstatus` (linux 6.1, include/linux/elfcore.h). */
    readonly pc: number;
    readonly sp: number;
    /** By which of vmcoreinfo's numbers the kernel tells where its image lies (kernel/crash_core.c). */
    readonly image: 'phys_base' | 'kimage_voffset';
    /**
     * Where the registers lie that the kernel saved at a fault, as `struct -x pt_regs` of crash takes them,
     * going by the report of the crash; null where crash finds them itself.
     */
    readonly saved: ((report: readonly string[]) => string | undefined) | null;
    /** Python, for drgn. */
    readonly drgn: {
      /** The program counter's name in struct pt_regs. */
      readonly pc: string;
      /** What the registers `regs` of kernel code look like. */
      readonly kernel: string;
      /** `caller(frame)`: how a frame's caller is found where nobody knows how to unwind it. */
      readonly caller: string;
    };
  };
  /** kprobe fetch argument for the return address at a function's entry (Documentation/trace/kprobetrace.rst). */
  readonly returnAddress: string;
  /**
   * kprobe fetch arguments of a function's first arguments at its entry, for kernels that do not know
   * them as `$arg1`, `$arg2`: there since 4.20 (kernel/trace/trace_probe.c), and only where the
   * architecture has CONFIG_HAVE_FUNCTION_ARG_ACCESS_API.
   */
  readonly argumentRegisters: readonly string[];
  readonly disassembly: {
    /** objdump -m. */
    readonly objdump: string;
    readonly call: RegExp;
    readonly jump: RegExp;
    readonly ret: RegExp;
    /** Symbols of vmlinux that a function's prologue and epilogue branch to, to name them by. */
    readonly symbols: readonly string[];
  };
  /** The dynamic loader in Debian's libc6, and the folder where programs look for it (PT_INTERP). */
  readonly loader: { readonly name: string; readonly directory: string };
  /** What kbuild's programs need on a host of this architecture. */
  readonly hostNeeds: readonly {
    readonly needs: string;
    readonly package: string;
    readonly why: string;
  }[];
}
