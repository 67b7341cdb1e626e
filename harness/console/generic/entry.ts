// SPDX-License-Identifier: MIT

import { names } from './words.js';

/** Exception and interrupt entry of all architectures, and the fault handlers up to die(). */
export const ENTRY = names`
  (asm_|xen_)?exc_* asm_* sysvec_* (do_|trace_|async_|do_async_|trace_do_|hash_do_)?page_fault*
  (do_|handle_)page_fault handle_page_fault bad_page_fault page_fault_oops no_context bad_area*
  do_(user|kern)_addr_fault spurious_*fault* kernelmode_fixup_or_oops (early_)?fixup_exception early_idt_handler*
  do_(general_protection|double_fault|invalid_op|divide_error|int3|error_trap|stack_segment|bounds)
  do_(overflow|invalid_TSS|alignment_check|segment_not_present|coprocessor*|simd*|debug|nmi|mce|trap*)
  general_protection invalid_op int3 divide_error stack_segment double_fault overflow bounds
  error_(entry|code|exit|return) df_debug ret(int|_from)_* restore_(regs|all)* native_iret irq_return
  nmi nmi_handle* default_do_nmi end_repeat_nmi (do_)?machine_check*
  do_(mem_abort|kernel_fault|tag_*|alignment*|sp_pc*|bad*|translation_fault|sea|serror|undefinstr|debug_exception)
  el[01]_* el[01]t?h?_(32|64)_* el0t_* el1h_* do_el[01]_* bad_mode arm64_(enter|exit)_* do_interrupt_handler
  do_(DataAbort|PrefetchAbort|undefinstr|cp15*|fiq) (und|dabt|pabt|irq|fiq)_(svc|usr|invalid)* vector_*
  handle_exception handle_(bp|tr|ri|ade|ale|bce|sys|int|tlb*|cpu|fpe|watch|mcheck|reserved|vint)(_int)?(_impl)?
  do_(bp|tr|ri|ade|ale|bce|cpu|fpe|watch|vint) tlb_do_page_fault* (do_)?program_check* data_access_*
  instruction_access_* alignment_(common|exception)* interrupt_return* unrecoverable_exception
  (do_)?pgm_check* do_dat_exception do_protection_exception illegal_op monitor_event_exception
  kernel_bad_stack do_oops_enter bust_spinlocks
`;

/** Interrupts on their way to a handler: kernel/irq, kernel/softirq.c, irqchips. */
export const INTERRUPTS = names`
  irq_(enter|exit)* irqentry_* (ret_from_|common_)interrupt ret_from_intr do_IRQ smp_*interrupt* *apic_timer_interrupt*
  gic_handle_irq generic_handle_*irq* handle_(domain|percpu_devid|percpu|fasteoi|edge|level|arch|riscv|loongarch)_*irq*
  handle_irq* handle_irq_event* call_on_*stack do_softirq* softirqentry_* handle_softirqs invoke_softirq
  run_ksoftirqd arch_local_irq_* irq_work_(run|interrupt)* flush_smp_call_function_* native_(?!tss)*
  hv_*callback xen_hvm_callback* x86_(indirect|return)_thunk* x86_retpoline* *retpoline*
`;

/** System calls and kernel threads up to the function they were asked for. */
export const CALLS = names`
  entry_* ret_from_fork* ret_fast_syscall do_syscall_* x64_sys_call ia32_sys_call do_fast_syscall_32
  do_SYSENTER_32 do_int80_* sysenter_* syscall_* invoke_syscall (do_)?el0_svc* system_call* s390_system_call
  do_trap_ecall_u clear_bhb_loop pfx_* cfi_* kthread worker_thread process_one_work process_scheduled_works
  smpboot_thread_fn task_work_run kernel_thread_(helper|starter) child_rip secondary_startup* start_secondary stext entry_text_start 0x0 tsan\.module_ctor
`;
