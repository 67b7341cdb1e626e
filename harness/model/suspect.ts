// SPDX-License-Identifier: MIT
import type { Cause, RawFinding } from './finding.js';
import type { GuestRecord } from './record.js';
import type { SuspectBuild } from './suspect-build.js';

/** Names of the suspects, as in /proc/modules: {@link Suspect} has one each in suspects/. */
export const SUSPECT_NAMES = ['dm_mod', 'dmrace_planted'] as const;
/** See {@link SUSPECT_NAMES}. */
export type SuspectName = (typeof SUSPECT_NAMES)[number];

/** What a crash must be to have one of the suspect's causes. */
export interface CauseRule {
  readonly cause: Exclude<Cause, 'other'>;
  /** One line for docs and help. */
  readonly says: string;
  readonly fits: (finding: RawFinding) => boolean;
  /** The function that is at fault, where the console cannot know it: the module was gone. */
  readonly blames?: string;
}

/** A module whose unload is asked about. Data and pure rules; one folder of suspects/ each. */
export interface Suspect {
  readonly name: SuspectName;
  readonly build: SuspectBuild;
  /** Function of the kernel that the method calls, and into which a compiler may turn a jump. */
  readonly methodCalls: string;
  /** The module that the method lies in, where that is not the suspect itself, nor vmlinux. */
  readonly methodIn?: string;
  /** The party of the program that removes the object, as the guest's records name it. */
  readonly remover: string;
  /** The kernel's name of the object whose release is waited for; null when the guest did not say. */
  readonly objectName: (records: readonly GuestRecord[]) => string | null;
  /** The probe at the function that releases the object last; a guest that only watches waits for it. */
  readonly releaseProbe: string;
  /** A module of ours, which taints the kernel: only a control may be one. */
  readonly outOfTree?: true;
  /** Symbols of vmlinux, and of modules that stay, whose addresses the guest reports. */
  readonly symbols: readonly string[];
  /** The rules are tried in this order; the first that fits names the cause. */
  readonly causes: readonly CauseRule[];
  /** Words about the suspect for people; the texts of the main command come from here. */
  readonly words: {
    /** What `dmrace --help` says that the program does. */
    readonly program: string;
    /** The method, as a sentence names it, with its parentheses. */
    readonly method: string;
    /** What a closed verdict says, without its figures. */
    readonly closed: string;
    /** What a sweep's closed verdict says. */
    readonly sweepClosed: string;
  };
}
