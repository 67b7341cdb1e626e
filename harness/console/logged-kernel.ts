// SPDX-License-Identifier: MIT
import type { ConsoleLine } from './line.js';

/** A kernel as it says itself at boot; the parts of `uname -r` and `uname -v`. */
export interface LoggedKernel {
  readonly release: string;
  readonly version: string;
}

/** The banner, init/version-timestamp.c: `Linux version RELEASE (BUILDER) (COMPILER) #1 SMP ...`. */
const BANNER = /Linux version (\d\S{1,80}) \(.{0,400}?\) (#\d.{0,160})$/;
/** What the banner begins with; the prefilter lets such lines through. */
export const KERNEL_HINT = 'Linux version ';
/** Boots that are remembered; a log of more has forgotten its first. */
const MAX_BOOTS = 64;

/** The boots of a log, by the lines they begin at. */
export class LoggedKernels {
  private boots: { readonly line: number; readonly kernel: LoggedKernel }[] = [];

  /** Takes in a line that may be a banner; says whether it is one. */
  note(line: ConsoleLine): boolean {
    if (!line.text.includes(KERNEL_HINT)) return false;
    const banner = BANNER.exec(line.text);
    if (banner === null) return false;
    const [, release = '', version = ''] = banner;
    this.boots.push({ line: line.number, kernel: { release, version } });
    if (this.boots.length > MAX_BOOTS) this.boots.shift();
    return true;
  }

  /** Forgets them: another log begins. */
  clear(): void {
    this.boots = [];
  }

  /** The kernel that runs at a line. */
  at(line: number): LoggedKernel | undefined {
    return this.boots.findLast((boot) => boot.line <= line)?.kernel;
  }
}
