// SPDX-License-Identifier: MIT
import { type Blame, NOBODY, skipOf, symbolOf, usable } from './blame-frames.js';
import { sourceName } from './frame.js';
import type { ReportLine } from './recogniser.js';
import type { Report } from './report.js';

const INTERRUPT =
  /(?:apic_timer_interrupt|^el1_irq$|^el1h_64_irq$|^el1_interrupt$|^el1h_64_irq_handler$|^__irq_svc$|^sysvec_\w+$|^asm_sysvec_\w+$|^ret_from_intr$|^common_interrupt$|^handle_(?:riscv_)?irq$|^timer_interrupt$|^decrementer_common\w*$|^do_(?:IRQ|ext_interrupt)$|^io_int_handler$|^ext_int_handler$|^handle_int$|^hv_\w+_callback$|^xen_hvm_callback_vector$|^el0t?_64_irq)/;
/** Where interrupts were last turned on and off; no stack (print_irqtrace_events(), lockdep.c). */
const IRQ_EVENTS = /^\s*(?:hard|soft)irqs last/;
const NMI_DUMP = /^(?:Sending NMI|NMI backtrace for cpu|Dump stacks of tasks)/;
/** Code that hands work to a subsystem: the frame before it is the subsystem's entry. */
const DISPATCHER =
  /^(?:_*vfs_(?:read|write|iter|ioctl|poll|fsync|fallocate|splice|copy|dedupe|clone)\w*|do_vfs_ioctl|ksys_ioctl|__fput\w*|____fput|fput\w*|sock_(?:sendmsg\w*|recvmsg\w*|write_iter|read_iter|ioctl|do_ioctl|close|release|poll|common_[gs]etsockopt)|__sock_\w+|do_iter_(?:read|write|readv_writev)\w*|do_(?:readv|writev|preadv|pwritev|sendfile)|netlink_\w+|nfnetlink_\w+|genl_\w+|__netif_receive_skb\w*|netif_receive_skb\w*|process_backlog|_*napi_poll\w*|net_rx_action|net_tx_action|_*do_softirq\w*|handle_softirqs|run_timer_softirq|new_sync_(?:read|write)|call_(?:read|write)_iter|do_loop_readv_writev|rcu_do_batch|rcu_core(?:_si)?|rcu_process_callbacks|srcu_invoke_callbacks|irq_work_(?:run_list|single)|__ia32_compat_sys_ioctl|do_compat_ioctl|call_timer_fn|expire_timers|__run_timers?\w*|__hrtimer_run_queues|hrtimer_interrupt|tasklet_action\w*|process_one_work|process_scheduled_works|worker_thread|kthread|kthread_worker_fn|io_wqe?_worker|irq_thread\w*|_*sys_(?:connect|bind|listen|accept\w*|[gs]etsockopt|shutdown)|do_sock_[gs]etsockopt|do_accept|hrtimer_run_softirq|smpboot_thread_fn|mmap_region|__mmap_\w+|do_mmap\w*|call_mmap|__do_fault|do_(?:read|cow|shared)_fault|do_fault|task_work_run|invoke_syscall|el0_svc\w*|do_syscall_64|do_syscall_x64|x64_sys_call|do_(?:fast_syscall_32|SYSENTER_32|int80_\w+)|__do_fast_syscall_32|entry_\w+|ret_fast_syscall|ret_from_fork\w*|system_call\w*|syscall_\w+|sysenter_\w+|do_trap_ecall_u|blk_mq_run_work_fn|\w+_compat_ioctl|cpu_startup_entry|do_idle|cpu_idle_loop|rest_init|start_secondary|arch_call_rest_init|handle_irq_event\w*|__handle_irq_event\w*|\w+_rcv_msg|do_one_initcall|vhost_task_fn|__run_hrtimer|tracesys_\w+|int_ret_from_sys_call|run_ksoftirqd|(?:sys_)?ioctl)$/;

/** Frames of one stack that are looked at: one that overflowed has its entry at the far end. */
const MAX_STACK = 500;
/**
 * What a stalled CPU was doing: the frames under the timer interrupt that noticed it, else those
 * of the NMI sent to it. A stack that overflows has a loop in it too, and is named the same way.
 */
export function blameInterrupted(report: Report): Blame {
  const { lines } = report;
  const skip = skipOf(report);
  // The watchdog prints the registers it interrupted; RCU, the stack of its own timer.
  const ways =
    report.recogniser.kind === 'rcu-stall'
      ? [isInterrupt, isRegisters]
      : [isRegisters, isInterrupt];
  for (const wanted of ways) {
    for (let i = 0; i < lines.length; i++) {
      if (!wanted(lines, i)) continue;
      const found = anchor(stackFrom(lines, wanted === isInterrupt ? i + 1 : i), skip);
      if (found.name !== '') return found;
    }
  }
  // RCU may print the stack of who only waited for the CPU that stalls.
  if (report.recogniser.kind === 'rcu-stall') return NOBODY;
  if (lines.some((_, i) => ways.some((wanted) => wanted(lines, i)))) return NOBODY;
  // Some architectures name no counter and no interrupt: then the first stack that was printed.
  const trace = lines.findIndex((l, i) => l.opens && !isRcuKthread(lines, i));
  return trace < 0 ? NOBODY : anchor(stackFrom(lines, trace + 1), skip);
}

/** Who overflowed the stack: the entry of the subsystem that has the loop in it. */
export function blameOverflow(report: Report): Blame {
  const start = report.lines.findIndex((l) => l.opens);
  return anchor(stackFrom(report.lines, Math.max(1, start + 1)), skipOf(report));
}

function isInterrupt(lines: readonly ReportLine[], at: number): boolean {
  const line = lines[at];
  if (line === undefined || IRQ_EVENTS.test(line.text)) return false;
  const symbol = symbolOf(line);
  return (
    symbol !== undefined &&
    line?.code?.frame.reliable === true &&
    INTERRUPT.test(sourceName(symbol))
  );
}

function isRegisters(lines: readonly ReportLine[], at: number): boolean {
  const code = lines[at]?.code;
  return code?.is === 'pc' && !code.user && !isRcuKthread(lines, at);
}

function isRcuKthread(lines: readonly ReportLine[], at: number): boolean {
  for (let i = at; i >= 0 && i > at - 30; i--) {
    const text = lines[i]?.text ?? '';
    if (NMI_DUMP.test(text)) return false;
    if (/kthread starved|kthread timer|task:rcu_/.test(text)) return true;
  }
  return false;
}

/** The frames of one stack, up to where another begins. */
function stackFrom(lines: readonly ReportLine[], from: number): ReportLine[] {
  const stack: ReportLine[] = [];
  for (let i = from; i < lines.length && stack.length < MAX_STACK; i++) {
    const line = lines[i];
    if (line === undefined) break;
    if (i > from && (NMI_DUMP.test(line.text) || /^\s*task:|^\s*CPU: \d/.test(line.text))) break;
    if (
      line.code?.is !== 'lr' &&
      symbolOf(line) !== undefined &&
      line.code?.frame.reliable === true
    )
      stack.push(line);
  }
  return stack;
}

/**
 * Stalls are caught anywhere below the loop that stalls, so the innermost function differs every
 * time. The subsystem's entry does not: the last function before the code that called into it.
 */
function anchor(stack: readonly ReportLine[], skip: RegExp | undefined): Blame {
  let last: ReportLine | undefined;
  for (const line of stack) {
    const symbol = symbolOf(line) ?? '';
    const name = sourceName(symbol);
    if (last !== undefined && DISPATCHER.test(name)) return blameOf(last);
    // It is stuck between two calls of the dispatcher itself.
    if (line === stack[0] && line.code?.is === 'pc' && DISPATCHER.test(name)) return blameOf(line);
    if (usable(symbol, skip) || /^smp_call_function/.test(name)) {
      if (/^smp_call_function/.test(name)) return blameOf(line);
      last = line;
    }
  }
  return last === undefined ? NOBODY : blameOf(last);
}

function blameOf(line: ReportLine): Blame {
  return { name: sourceName(symbolOf(line) ?? ''), frame: line.code?.frame };
}
