// SPDX-License-Identifier: MIT

/**
 * Coarse class of a kernel crash report. The names are part of the `scan` output, so they are
 * stable: add, never rename.
 */
export const FINDING_KINDS = [
  // Faults and traps.
  'page-fault',
  'null-deref',
  'gpf',
  'divide-error',
  'exception',
  'double-fault',
  'stack-overflow',
  'oops',
  // The kernel's own checks.
  'bug-on',
  'warning',
  'kasan',
  'kmsan',
  'kcsan',
  'kfence',
  'ubsan',
  'cfi',
  'slab',
  'bad-state',
  'kobject',
  'kmemleak',
  // Locking and scheduling.
  'lockdep',
  'atomic-sleep',
  'rcu-stall',
  'soft-lockup',
  'hard-lockup',
  'hung-task',
  'workqueue-stall',
  // The rest.
  'oom-panic',
  'panic',
  'refcount-leak',
  'other',
] as const;

/** See {@link FINDING_KINDS}. */
export type FindingKind = (typeof FINDING_KINDS)[number];

/** What a crash means for the question asked (docs/verdicts.md); suspects/ has a rule for each. */
export const CAUSES = [
  'release-in-unloaded-text',
  'disk-release-fops',
  'planted-release',
  'other',
] as const;

/** See {@link CAUSES}. */
export type Cause = (typeof CAUSES)[number];

/** One entry of a kernel call trace. */
export interface CallFrame {
  /** Symbol name as printed, compiler suffixes included; absent for a bare address. */
  readonly symbol?: string;
  /** Offset into the symbol, in bytes. */
  readonly offset?: number;
  /** Size of the symbol, in bytes. */
  readonly size?: number;
  /** Module named in brackets on the line. */
  readonly module?: string;
  /** Address as lower-case hex without `0x`, when the line prints one. */
  readonly address?: string;
  /** False for frames the unwinder marked with `?`. */
  readonly reliable: boolean;
}

/**
 * What the instruction that crashed did to memory of a module that had been unloaded, as far as the
 * recorded layout of the modules tells. A neutral fact: what it means is for the suspect's rules.
 */
export type Touched =
  | {
      readonly is: 'gone';
      readonly module: string;
      /** The function or section that lay there; empty when nothing was recorded of it. */
      readonly symbol: string;
      /** `fetch`: the instruction itself lay there. `access`: it read or wrote there. */
      readonly how: 'fetch' | 'access';
    }
  /** The address is known, and lay in no module that was recorded as unloaded. */
  | { readonly is: 'elsewhere' }
  /** No address was printed, or no module was recorded as unloaded. */
  | { readonly is: 'unknown' };

/** One crash report on a console, before it is asked what it means. Lines are numbered from 1, as in an editor. */
export interface RawFinding {
  readonly kind: FindingKind;
  /** Stable short title in syzkaller's manner, e.g. `BUG: unable to handle kernel paging request in foo`. */
  readonly title: string;
  /** The recogniser that found it, finer than the kind: `refcount`, `debugobjects`, `usercopy`. */
  readonly family?: string;
  /** The function blamed in the title; empty when none can be named. */
  readonly function: string;
  /** Module of the blamed function, when it is one. */
  readonly module?: string;
  /** Program counter at the fault, lower-case hex without `0x`, when printed. */
  readonly address?: string;
  /** Program counter as the console named it, e.g. `disk_release+0x4c/0x90`, when printed. */
  readonly pc?: string;
  /** The address that could not be accessed, lower-case hex without `0x`, when printed. */
  readonly faultAddress?: string;
  /** True when the fault was an instruction fetch, as far as the console says. */
  readonly instructionFetch?: boolean;
  /** First console line of the report (its head), counted from 1. */
  readonly line: number;
  /** Last console line of the report, counted from 1. */
  readonly lastLine: number;
  /** The head as printed, prefix removed. */
  readonly head: string;
  /** Command name of the task the kernel ran, when printed. */
  readonly task?: string;
  readonly pid?: number;
  readonly cpu?: number;
  /** The taint field as printed, e.g. `G           OE`; empty string for `Not tainted`. */
  readonly taint?: string;
  readonly frames: readonly CallFrame[];
  /** `complete`, or what is wrong with the report and why it is thought so. */
  readonly state:
    | { readonly is: 'complete' }
    | { readonly is: 'torn' | 'interleaved' | 'truncated'; readonly reason: string };
  readonly touched: Touched;
  /** How an address in a module that is gone was named, e.g. `foo_release+0x12 [unloaded foo]`. */
  readonly resolved?: string;
  /** The same for the address that could not be accessed, e.g. `foo_ops+0x38 [unloaded foo]`. */
  readonly resolvedFault?: string;
  /** The lines of the report, prefixes removed; at most 200 of them. */
  readonly text: readonly string[];
}

/** A crash report and what it means for the question asked (judge/cause.ts). */
export interface Finding extends Omit<RawFinding, 'touched'> {
  readonly cause: Cause;
  /** The reference of the known-issues entry that it matches; see model/known.ts. */
  readonly known?: string;
}
