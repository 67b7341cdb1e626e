// SPDX-License-Identifier: MIT
import { DmraceError } from '../model/errors.js';
import { INTERRUPTED } from '../model/exit-codes.js';

/** What the engine told of a container's end. */
export interface Ending {
  readonly exitCode: number;
  /** The kernel killed something in it for want of memory. */
  readonly oom: boolean;
  /** Numbers of the signals that were sent to it through the engine. */
  readonly signals: readonly number[];
  /** This client asked it to stop. */
  readonly interrupted: boolean;
  readonly memoryMiB: number | null;
}

/** Exit codes of dmrace itself (docs/verdicts.md); 130 only after an interrupt. */
const OWN: readonly number[] = [0, 1, 125, 128, 129];

/**
 * The exit code of the inner program, where it was left to end by itself.
 * @throws DmraceError (environment) when it was killed: a result of a killed run is none.
 */
export function exitCodeOf(ending: Ending): number {
  if (ending.interrupted) return INTERRUPTED;
  // A verdict stands on its evidence; any other end with too little memory is the memory's fault.
  if (ending.oom && ending.exitCode !== 0 && ending.exitCode !== 1) {
    const what = ending.exitCode === 137 ? 'the container' : 'a process in the container';
    throw new DmraceError('environment', {
      observed: `${what} was killed because memory ran out (OOM, exit code ${ending.exitCode})`,
      ...(ending.memoryMiB === null ? {} : { limit: `${ending.memoryMiB} MiB` }),
      action: 'give it more memory (DMRACE_DOCKER_MEMORY_MIB), or run fewer VMs at once (--jobs)',
    });
  }
  if (OWN.includes(ending.exitCode)) return ending.exitCode;
  if (ending.signals.length > 0 || ending.exitCode === 137) {
    const names = ending.signals.length > 0 ? `signal ${ending.signals.join(', ')}, ` : '';
    throw new DmraceError('environment', {
      observed: `the container was stopped from outside (${names}exit code ${ending.exitCode})`,
      action: 'see who stops containers on that engine (docker events), then run again',
    });
  }
  throw new DmraceError('environment', {
    observed: `the container ended with exit code ${ending.exitCode}, which dmrace never gives`,
    action: 'see its output above',
  });
}
