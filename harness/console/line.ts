// SPDX-License-Identifier: MIT

/** One console line with the wrapping of printk, syslog or a collector taken off. */
export interface ConsoleLine {
  /** Line number in the log, from 1. */
  readonly number: number;
  /** The message, trailing blanks removed, leading ones kept. */
  readonly text: string;
  /** `T123` or `C0`: who printed it, with CONFIG_PRINTK_CALLER (kernel/printk/printk.c, v5.1). */
  readonly caller: string | undefined;
  /** Seconds since boot, when the line carries them. */
  readonly time: number | undefined;
  /** Whether printk's own stamp, caller or level was on it. */
  readonly stamped: boolean;
  /** True when syslog or the journal says that a program other than the kernel spoke. */
  readonly userspace: boolean;
  /** True when they say that the kernel did. */
  readonly tagged: boolean;
  /** What it may hold ({@link MARK}); for the whole line, its prefix included. */
  readonly marks: number;
  /** Messages that begin in the middle of the line, after a second printk timestamp. */
  readonly inner: readonly ConsoleLine[];
}

/** An object with the key when the value is there, for `exactOptionalPropertyTypes`. */
export function some<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: V });
}

/** Sets a key where there is a value, for `exactOptionalPropertyTypes`. */
export function put<T, K extends keyof T>(target: T, key: K, value: T[K] | undefined): void {
  if (value !== undefined) target[key] = value;
}
