// SPDX-License-Identifier: MIT

/** What --patience takes. */
export const PATIENCE_LIMITS = { least: 0.5, most: 100 } as const;

let factor = 1;

/**
 * How much longer than usual everything is waited for. It is the process's and not a run's: it tells
 * of the machine, and every deadline of the harness is multiplied by it.
 */
export function setPatience(value: number): void {
  const { least, most } = PATIENCE_LIMITS;
  if (!(value >= least && value <= most)) throw new RangeError(`patience ${value}`);
  factor = value;
}

/** The factor that was set; 1 without one. */
export const patience = (): number => factor;

/** A deadline as it counts here and now. */
export const patient = (ms: number): number => Math.round(ms * factor);
