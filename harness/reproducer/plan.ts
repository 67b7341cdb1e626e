// SPDX-License-Identifier: MIT
import type { KernelIdentity } from '../model/kernel-identity.js';

/** A file of a reproducer. */
export interface ReproducerFile {
  readonly text: string;
  readonly executable: boolean;
}

/** The files of a reproducer by name: a script, a README, and a module's source where one is needed. */
export type Reproducer = ReadonlyMap<string, ReproducerFile>;

/** A program that a reproducer needs. */
export interface Tool {
  readonly name: string;
  /** Debian's package; null where the exercise does not say. */
  readonly package: string | null;
}

/** What a reproducer does, whatever it is of. */
export interface ReproducerPlan {
  /** What is wrong, in a line. */
  readonly title: string;
  /** Why it happens, in paragraphs. */
  readonly why: readonly string[];
  /** The page of the kernel's documentation that asks for better; null where none is known. */
  readonly documentation: string | null;
  /** The kernel that it was seen on. */
  readonly kernel: KernelIdentity;
  /** In how many VMs of how many it crashed there; null where that is not known. */
  readonly seen: { readonly times: number; readonly of: number } | null;
  readonly tools: readonly Tool[];
  /** Options that the kernel must have set, without CONFIG_. */
  readonly config: readonly string[];
  /** Modules that are loaded first and stay. */
  readonly needs: readonly string[];
  /** The module that is loaded, unloaded and called or read after that. */
  readonly module: string;
  /** Arguments of its load. */
  readonly parameters: string;
  /** Commands of the shell, each in a shell of its own. */
  readonly create: readonly string[];
  readonly destroy: readonly string[];
  /** Scripts that the commands use, by name: what the audit's guests have beside Debian's programs. */
  readonly scripts: ReadonlyMap<string, string>;
  /** A sysfs folder whose kobject holder.ko holds past the unload; null: nobody of ours does. */
  readonly hold: string | null;
  /** Destroy and unload run at real-time priority, so that callbacks and workers come later. */
  readonly realTime: boolean;
  /** RCU's grace periods are expedited, so that callbacks come sooner. */
  readonly expedited: boolean;
  /** How long is waited for the crash after the unload, in seconds. */
  readonly waitS: number;
  /** How often it is tried unless the script is told otherwise. */
  readonly tries: number;
  /** The report that was seen, the address in the unloaded module named above it. */
  readonly address: string | null;
  readonly report: readonly string[];
  /** The version of dmrace that writes it. */
  readonly dmrace: string;
}
