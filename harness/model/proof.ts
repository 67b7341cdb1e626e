// SPDX-License-Identifier: MIT
import type { Cause } from './finding.js';

/** Number of a step: that of the comment which the suspect's race is told by. */
export type StepNumber = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10;

/** All step numbers in order. */
export const STEP_NUMBERS: readonly StepNumber[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

/** Who acts in a step; the worker is a kernel thread that releases what was put. */
export type Party = 'holder' | 'remover' | 'worker';

/**
 * A process that the guest reports, by whose pid events are told apart. `dmsetup` stands for the
 * program that removes the object (Suspect.remover), whatever its name is.
 */
export type Process = 'holder' | 'dmsetup' | 'remover';

/**
 * Where the trace gets an event from: a tracepoint, or a kprobe event that the guest makes. `name` is
 * what the trace's lines call it; system calls are `sys_NAME:enter` and `sys_NAME:exit`.
 */
export type TraceSource =
  | { readonly name: string; readonly event: string }
  | { readonly name: string; readonly probe: string };

/** Something that must hold for an event. Addresses and names that start with `$` were bound before. */
export type Condition =
  /** A field that is an address: `kobj=0xffff…`. */
  | { readonly address: string; readonly is: `$${string}` }
  /** A field that is text: `name="dm-0"`. */
  | { readonly text: string; readonly is: `$${string}` }
  /** A field that is a number. */
  | { readonly number: string; readonly is: number }
  | { readonly number: string; readonly atLeast: number }
  /** A field that is a pid. */
  | { readonly pid: string; readonly of: Process }
  /** A field that begins so, such as `prev_state=R+`. */
  | { readonly field: string; readonly begins: string }
  /** An argument of a system call, in hexadecimal, of which some bits are compared. */
  | { readonly argument: string; readonly mask: number; readonly is: number }
  /** All that follows the event's name. */
  | { readonly says: string }
  /** A system call that returned 0. */
  | { readonly returned: 0 }
  /** The kernel stack that was recorded with the event holds an address. */
  | { readonly stackHolds: `$${string}` };

/** An event to look for in the trace. */
export interface Sighting {
  readonly source: TraceSource;
  /** The process in whose context it must be. */
  readonly by?: Process;
  /** What makes it the event that is looked for. */
  readonly where?: readonly Condition[];
  /** After the event of that step, instead of after the last one that was found. */
  readonly after?: StepNumber;
  /** Said when there is none. `{NAME}` stands for what was bound. */
  readonly missing: string;
  /** What the first such event must satisfy; `{text}` stands for what it says instead. */
  readonly must?: readonly { readonly hold: Condition; readonly otherwise: string }[];
  /** Names for what its fields hold, for later conditions. */
  readonly binds?: Readonly<Record<string, { readonly address: string }>>;
  /** An event that may not come before it: `missing` is said then too. */
  readonly unless?: { readonly source: TraceSource; readonly by?: Process };
}

/** A place where a debugger stops on its way to a step (dmrace replay --gdb --break). */
export type StopPlace = (
  | {
      /** The symbol's name, or what its names begin with where the compiler adds to them. */
      readonly symbol: string;
      readonly prefix?: true;
      /** A module's name; `method`: where the trial's release method is; absent: vmlinux. */
      readonly module?: string;
      readonly inMethodHome?: true;
    }
  /** Where the function of the stop before was called from. */
  | { readonly return: true }
  /** An address that a step's evidence of the recorded trial names. */
  | { readonly step: StepNumber; readonly field: string; readonly otherwise: string }
) & {
  /** Only on the kernel stack of the first stop: in the same process. */
  readonly sameStack?: true;
  /** What is there, in words. `{home}` stands for where the method is. */
  readonly what: string;
};

/**
 * One step, told once: it is interpreted over the trace (evidence/prove.ts), and the guest's probes and
 * events, every table of steps, the timeline's flags, `--break` and the lists of docs/ come from it.
 */
export interface Proof {
  readonly step: StepNumber;
  readonly party: Party;
  /** What happens, in one line. */
  readonly says: string;
  /** A crash of that cause shows the step as well: what would be seen is gone with the module. */
  readonly orCrash?: Cause;
  /** How it is done here, for the docs. */
  readonly does: string;
  /** What in the trace proves it, for the docs. */
  readonly proof: string;
  /** Events that must be found one after the other; the last one is the step's evidence. */
  readonly see: readonly Sighting[];
  /** What may not have happened since another step, up to this one's evidence. */
  readonly never?: {
    readonly since: StepNumber;
    readonly source: TraceSource;
    readonly where: readonly Condition[];
    /** Said with the line that was found. */
    readonly says: string;
  };
  /** The step whose event this one must come after; said when it came before. */
  readonly notBefore?: { readonly step: StepNumber; readonly says: string };
  /** The way of breakpoints that leads to it. */
  readonly stops: readonly StopPlace[];
}

/** The steps of a race, in their order, with what else the guest traces. */
export interface Telling {
  /** Heading of the table of steps. */
  readonly title: string;
  /** Where the steps are from and what their times are, for the report. */
  readonly note: string;
  readonly proofs: readonly Proof[];
  /** What is traced besides, and what for. */
  readonly also: readonly { readonly source: TraceSource; readonly why: string }[];
}

/** The proof of a step; undefined when the race has no such step. */
export const proofOf = (telling: Telling, step: number): Proof | undefined =>
  telling.proofs.find((proof) => proof.step === step);
