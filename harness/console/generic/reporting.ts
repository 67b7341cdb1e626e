// SPDX-License-Identifier: MIT

import { names } from './words.js';

/** Printing and dying: kernel/panic.c, lib/bug.c, lib/dump_stack.c, kernel/printk. */
export const REPORTING = names`
  dump_stack* show_stack* show_trace* show_regs* dump_backtrace* backtrace print_worker_info
  show_state_filter *trigger_*backtrace* nmi_cpu_backtrace* nmi_trigger_*
  panic panic_* nmi_panic* vpanic check_panic_on_warn check_panic_on_generic crash_kexec*
  warn warn_printk warn_slowpath_* WARN_trap warn_bogus_* warn_alloc
  report_bug* fixup_bug handle_bug bug_handler *_brk_handler call_*break_hook call_brk_hook
  rcu_dump_cpu_stacks dump_cpu_task print_(other_)?cpu_stall* check_cpu_stall rcu_check_(callbacks|gp_kthread*)
  rcu_sched_clock_irq rcu_stall_* watchdog_(timer_fn|overflow*|hardlockup*) update_process_times
  report_cfi_failure* cfi_* handle_cfi_failure die die_* oops_* do_oops add_taint
  print_*(bug|dependency|report|description|reserve|trace|trailer)* refcount_error_report
  printk* *_printk vprintk* dynamic_(pr|dev|netdev|ibdev)_* call_console_drivers
  (dev|netdev)_(printk*|vprintk*|err|warn|info|emerg|alert|crit|notice|dbg) msg_print_text print_prefix
  dump_(page|folio|vma|mm|mapping) wake_up_klogd*
  skb_(panic|over_panic|under_panic) *taint* panic_bad_stack handle_bad_stack bad_stack
`;

/** Making text: lib/vsprintf.c, lib/hexdump.c, fs/seq_file.c. What cannot be printed is the caller's. */
export const FORMATTING = names`
  s?c?n?printf vs?c?n?printf vsnprintf vscnprintf snprintf scnprintf kv?asprintf kvasprintf* v?bin_printf bstr_printf bprintf
  string string_nocheck pointer hex_dump_to_buffer print_hex_dump* format_decode va_format
  (hex|bitmap|bitmap_list|mac_address|ip[46]|ip4_addr|ip6_addr|ip6_compressed|uuid|symbol|resource|escaped)_string
  (flags|device_node|fwnode|netdev_features|restricted_hex|widen|error|address|time|time64|fourcc)_string
  seq_(printf|puts|putc|write|vprintf|bprintf|put_decimal*|put_hex*|escape*|hex_dump|pad)
  address_val special_hex_number dentry_name file_dentry_name bdev_name (check_)?pointer_(msg|string)
  put_dec* num_to_str move_right fill_ptr_key ptr_to_(id|hashval) (default|restricted)_pointer format_(flags|page_flags)
  ip_addr_string ip[46]?_addr_string_sa (range|resource_or_range|fwnode_full_name)_string simple_strnto* (date|time|rtc|time64|timespec64)_str
  time_and_date err_ptr hex_range netdev_bits check_pointer
  audit_log_(untrustedstring|n_*|format|vformat|string*|hex|d_path|key) string_(un)?escape* (un)?escape_(space|octal|hex|special|null|passthrough)
`;

/** Static calls into tracing that the compiler put in: include/trace, kernel/trace. */
export const TRACING = names`
  trace_(hardirqs|softirqs|irq|preempt)_* traceiter_* perf_trace_* bpf_trace_(?!run)*
  trace_event_(raw|get|buffer)_* ftrace_(call|caller|regs_call*|regs_caller|graph_*|stub|ops_*func)
  do_(perf_)?trace_(?!hard|softirq)* do_trace_event_* bpf_prog_[0-9a-f]{16}* bpf_(dispatcher|trampoline)_*
  sanitizer_cov_* write_comp_data check_kcov_mode
`;

/** What an assertion calls when it does not hold; the assertion is its caller's. */
export const ASSERTING = names`
  *assert* asswarn* assfail* BUG rust_helper_(BUG|WARN)* RN*(rust_begin_unwind|9panicking)* spl_(panic|dumpstack)*
  *_panic gfs2_(withdraw|consist)* (libcfs|lbug)_*
`;
