// SPDX-License-Identifier: MIT
import type { ConsoleLine } from './line.js';

/** Notices lines that are printed twice, as by two consoles on one serial port. */
export class Twins {
  private before: ConsoleLine | undefined;
  private twin = false;

  /** Whether a line repeats the one before it, stamp and all; every second one of a row does. */
  isTwin(line: ConsoleLine): boolean {
    const { before } = this;
    const twin =
      before !== undefined &&
      !this.twin &&
      line.number === before.number + 1 &&
      line.text === before.text &&
      line.time === before.time &&
      line.caller === before.caller;
    this.before = line;
    this.twin = twin;
    return twin;
  }

  /** Another log begins. */
  forget(): void {
    this.before = undefined;
    this.twin = false;
  }
}
