// SPDX-License-Identifier: MIT

/** A trace instance of its own, in which few events are recorded so that a party can sleep on them. */
export interface WakeInstance {
  /** Folder below /sys/kernel/tracing/instances. */
  readonly name: string;
  /** Events that are on from the start, as `system/event`, `{release}` for the suspect's probe; those that need a pid are enabled later. */
  readonly events: readonly string[];
  /** Whether every event wakes the reader, not a buffer half full (buffer_percent 0). */
  readonly wakesAtOnce: boolean;
}

/**
 * What a guest has to prepare before it is ready, as it is told when its initramfs is made
 * (/etc/dmrace.conf and the files beside it, read by vm/init). Data only.
 */
export interface GuestSetUp {
  /**
   * `race`: real-time throttling off, kernel threads raised, grace periods expedited, the remover
   * started. `watch`: nothing of the kernel's is changed, it is only traced.
   */
  readonly prepare: 'race' | 'watch';
  /** Whether the helper module is loaded; it taints the kernel. */
  readonly helper: boolean;
  /**
   * kprobe events as tracefs takes them (Documentation/trace/kprobetrace.rst). `{refcount}` stands
   * for the offset that the helper module tells, `{return}` for the architecture's fetch argument of
   * the return address at a function's entry.
   */
  readonly probes: readonly string[];
  /** Events of the evidence's instance, as `system/event`, or `system` for all of one. */
  readonly events: readonly string[];
  readonly wake: readonly WakeInstance[];
  /** Symbols of vmlinux whose addresses the guest reports. */
  readonly symbols: readonly string[];
}
