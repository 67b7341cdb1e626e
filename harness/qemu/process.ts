// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import type { MachineEnd } from '../ports.js';
import { endWithUs } from '../util/process-group.js';

/** A QEMU that was started, or could not be. */
export interface QemuProcess {
  /** Never rejects: a program that cannot be started has ended, with the reason as its stderr. */
  readonly ended: Promise<MachineEnd>;
  /** Kills it and whatever it has started; nothing happens when it is gone. */
  kill(): void;
}

/** Of what QEMU says only the end counts. */
const MAX_STDERR = 1 << 16;

/**
 * Starts QEMU as the leader of a process group of its own; `setpriv --pdeathsig` has the kernel
 * kill it when the harness dies without a chance to. Its stderr goes to a file: there is one of
 * these for each trial, and a pipe with its streams, or execa, would cost a tenth of the trial's
 * share of this process.
 */
export function startQemu(argv: readonly string[], stderrFile: string): QemuProcess {
  const stderr = openSync(stderrFile, 'w');
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...argv], {
    detached: true,
    stdio: ['ignore', 'ignore', stderr],
  });
  closeSync(stderr);
  const leads = child.pid === undefined ? null : endWithUs(child.pid);
  const ended = new Promise<MachineEnd>((resolve) => {
    child.once('error', ({ message }) => {
      resolve({ exitCode: null, signal: null, stderr: message });
    });
    child.once('exit', (exitCode, signal) => {
      leads?.[Symbol.dispose]();
      resolve({ exitCode, signal, stderr: lastOf(stderrFile) });
    });
  });
  return {
    ended,
    kill: () => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // the group is gone already
      }
    },
  };
}

function lastOf(file: string): string {
  try {
    return readFileSync(file).subarray(-MAX_STDERR).toString();
  } catch {
    return ''; // its machine was given up before, and the folder with it
  }
}
