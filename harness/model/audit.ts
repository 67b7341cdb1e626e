// SPDX-License-Identifier: MIT
import type { RawFinding } from './finding.js';

/**
 * How sure a finding of the audit is, surest first. `proven`: it crashed, and the address in the
 * unloaded module is named. `reachable`: a live object points into unloaded memory, checked in the
 * guest. `pending`: a callback, timer, work or thread was still queued when the module went.
 * `waits`: rmmod blocked until the reference was dropped: protected. `listed`: static, sure by BTF.
 * `hint`: what the module imports, or names alone.
 */
export const CONFIDENCES = ['proven', 'reachable', 'pending', 'waits', 'listed', 'hint'] as const;
/** See {@link CONFIDENCES}. */
export type Confidence = (typeof CONFIDENCES)[number];

/** The words that make the exit code 1, unless the finding is known. */
export const isAlarming = (word: Confidence): boolean => word === 'proven' || word === 'reachable';

/**
 * What of a module outlives it, by what the kernel does with it after the unload. Those of objects
 * are named by the core function that reads or calls it (linux 6.12).
 */
export const FAULTS = {
  /** class_release() reads a class that lies in the module (drivers/base/class.c). */
  'class-release': { core: 'class_release' },
  /** bus_release() wrote to a bus_type that lies in the module (drivers/base/bus.c, before v6.3). */
  'bus-release': { core: 'bus_release' },
  /** disk_release() reads the disk's block_device_operations (block/genhd.c). */
  'disk-fops': { core: 'disk_release' },
  /** device_release() reads the device's type or class (drivers/base/core.c). */
  'device-type': { core: 'device_release' },
  'device-class': { core: 'device_release' },
  /** device_release() calls a release method of the module (drivers/base/core.c). */
  'device-release': { core: 'device_release' },
  /** kobject_cleanup() reads a kobj_type of the module, or calls its release (lib/kobject.c). */
  ktype: { core: 'kobject_cleanup' },
  /** The object itself lies in the module's memory. */
  'object-in-module': { core: 'kobject_put' },
  /** The object was freed although a reference was held. */
  'freed-under-reference': { core: 'kobject_put' },
  /** rcu_do_batch() calls a callback of the module (kernel/rcu/tree.c). */
  'rcu-callback': { core: 'rcu_do_batch' },
  /** A timer of the module (kernel/time/timer.c). */
  timer: { core: 'call_timer_fn' },
  /** A work item of the module (kernel/workqueue.c). */
  work: { core: 'process_one_work' },
  /** A kernel thread that runs a function of the module (kernel/kthread.c). */
  thread: { core: 'kthread' },
  /** Only with the word `waits`: the unload waited until nobody held an object of the module. */
  'unload-waits': { core: 'delete_module' },
} as const satisfies Record<string, { readonly core: string }>;
/** See {@link FAULTS}. */
export type Fault = keyof typeof FAULTS;

/** Faults that belong to the core function, not to the module: one finding for all modules. */
export const SHARED_FAULTS: readonly Fault[] = [
  'class-release',
  'disk-fops',
  'device-type',
  'device-class',
];

/** An address in a module that was unloaded. */
export interface GonePlace {
  readonly module: string;
  /** Bytes from the start of the module's memory. */
  readonly offset: number;
  /** Symbol and offset, such as `tun_prog_free+0x0`; absent where no symbol covers it. */
  readonly symbol?: string;
}

/** Who would have to hold what for an observation to become a crash. */
export type Holder =
  /** The kernel itself does it: the callback, timer, work or thread was already queued. */
  | { readonly is: 'kernel'; readonly who: string }
  /** Kernel code that takes short references, e.g. class iterators. */
  | { readonly is: 'short'; readonly who: string }
  /** CONFIG_DEBUG_KOBJECT_RELEASE. */
  | { readonly is: 'debug-option' }
  /** Nobody is known: the helper module stands for it. */
  | { readonly is: 'helper' };

/** A crash that proves an observation. */
export interface Proof {
  readonly finding: RawFinding;
  readonly place: GonePlace;
  /** Whether a module of ours was in the kernel. */
  readonly tainted: boolean;
  /** In how many VMs of how many it crashed. */
  readonly times: number;
  readonly of: number;
  /** File of the audit's folder that has the report, such as `guest-3/console.log`. */
  readonly log?: string;
}

/** One thing of one module that something outlives, as one visit showed it. */
export interface Observation {
  readonly fault: Fault;
  readonly word: Exclude<Confidence, 'listed' | 'hint'>;
  /** What outlived the module: a sysfs path, or the callback's function. */
  readonly what: string;
  /** What of the module it points to. */
  readonly place: GonePlace;
  readonly holder: Holder;
  readonly proof: Proof | null;
}

/** A release-like method that lies in a module, or a sign among its imports. */
export type StaticSign =
  | {
      readonly is: 'method';
      readonly word: 'listed' | 'hint';
      /** Structure and member, such as `kobj_type.release`. */
      readonly member: string;
      /** The variable that holds it. */
      readonly variable: string;
      /** The function that it points to. */
      readonly method: string;
    }
  | {
      readonly is: 'import';
      readonly word: 'hint';
      readonly sign:
        | 'call-rcu-without-barrier'
        | 'timer-without-sync'
        | 'timer-never-deleted'
        | 'work-without-flush'
        | 'thread-without-stop'
        | 'hrtimer-without-cancel';
      /** The imported function. */
      readonly symbol: string;
    };

/** What the static part says of one module. */
export interface StaticModule {
  readonly module: string;
  /** Its file, relative to the kernel's modules, e.g. `kernel/drivers/net/tun.ko`. */
  readonly file: string;
  readonly signs: readonly StaticSign[];
}

/** What became of one module in the live part. */
export type VisitEnd =
  | { readonly is: 'unloaded' }
  /** The unload waited until the references were dropped. */
  | { readonly is: 'waited' }
  | { readonly is: 'builtin' }
  | { readonly is: 'not-loaded'; readonly why: string }
  | { readonly is: 'exercise-failed'; readonly command: string; readonly why: string }
  /** Its exercise ran, but what it says must appear did not. */
  | { readonly is: 'nothing-appeared'; readonly wanted: string }
  | { readonly is: 'not-unloaded'; readonly why: string }
  /** The guest died or said no more. */
  | { readonly is: 'lost'; readonly why: string };

/** One visit of one module: load, create, hold, destroy, unload, check, prove. */
export interface Visit {
  readonly module: string;
  /** Name of the exercise; null where it was only loaded and unloaded. */
  readonly exercise: string | null;
  /** The guest that it was in, from 0: several modules share one. */
  readonly guest: number;
  readonly end: VisitEnd;
  /**
   * How it had ended in a guest in which other modules had been visited: what they left behind may
   * have been in the way, so it was made again in a fresh one.
   */
  readonly usedGuestEnd?: VisitEnd;
  /** Kobjects that were added, and callbacks, timers, work and threads that were seen. */
  readonly objects: number;
  readonly callbacks: number;
  readonly observations: readonly Observation[];
  readonly durationMs: number;
}

/** A planted module whose visit must show its mistake, or nothing (the twin). */
export interface PlantedVisit {
  /** `ktype`, `class-release`, `rcu-callback`, `timer`, `work`, `object-in-module`: {@link Fault}. */
  readonly mistake: Fault;
  readonly twin: boolean;
  readonly visit: Visit;
}

/** What an audit was asked: a named module that cannot be tried is a doubt, one of all is not. */
export interface AuditQuestion {
  readonly static: boolean;
  readonly live: boolean;
  /** Modules that were named, by MODULE, --exercise or --module. */
  readonly named: readonly string[];
  /** How many visits there were to be; those of its own share in a shard. */
  readonly planned: number;
}

/** What an audit saw, before it is judged. In files: the lines of visits.jsonl, and static.json. */
export interface AuditEvidence {
  readonly static: readonly StaticModule[] | null;
  readonly visits: readonly Visit[];
  readonly planted: readonly PlantedVisit[];
}
