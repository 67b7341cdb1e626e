// SPDX-License-Identifier: MIT

import type { Visit, VisitEnd } from '../../model/audit.js';
import type { Exercise } from '../../model/exercise.js';
import type { KernelConfig } from '../../model/kernel.js';
import { type GuestRecord, type RecordOf, recordsOf } from '../../model/record.js';
import { visitCrashes } from './console.js';
import { strerror } from './errno.js';
import { observationsOf } from './observations.js';
import { goneMemory, type SectionsOf } from './places.js';

/** What the host has of one visit. */
export interface VisitOutput {
  /** The guest that it was in, from 0. */
  readonly guest: number;
  /** The visit's number in that guest. */
  readonly number: number;
  readonly records: readonly GuestRecord[];
  /** The console from the visit's beginning on. */
  readonly console: string;
  /** Why the guest said no more; null when the visit came to its end. */
  readonly lost: string | null;
  readonly durationMs: number;
}

/** What is known of what was visited. */
export interface Visited {
  readonly module: string;
  readonly exercise: Exercise | null;
  readonly isBuiltin: boolean;
  readonly config: KernelConfig;
  readonly sectionsOf: SectionsOf;
  /** Whether a module of ours was in the kernel. */
  readonly watched: boolean;
}

/** What became of a visit, and what it saw. Pure. */
export function visitOf(visited: Visited, output: VisitOutput): Visit {
  const { module, exercise, config, watched } = visited;
  const { records } = output;
  const memory = goneMemory(records, visited.sectionsOf);
  const crashes = visitCrashes(output.console, output.number, memory);
  const seen = recordsOf(records, 'seen');
  return {
    module,
    exercise: exercise?.name ?? null,
    guest: output.guest,
    end: endOf(visited, output, crashes.length > 0),
    objects: Math.max(0, ...seen.map(({ objects }) => objects)),
    callbacks: Math.max(0, ...seen.map(({ callbacks }) => callbacks)),
    observations: observationsOf(module, { records, memory, crashes, config, watched }),
    durationMs: output.durationMs,
  };
}

const failed = ({ status, late }: RecordOf<'step'>): boolean => status !== 0 || late === 1;

function whyOf({ late, ms, output, signal, status }: RecordOf<'step'>): string {
  const how =
    late === 1
      ? `it was ended after ${(ms / 1000).toFixed(1)} s`
      : status < 0
        ? `it was ended by signal ${signal}`
        : `it ended with ${status}`;
  return output.trim() === '' ? how : `${how}: ${output.trim()}`;
}

/**
 * The firmware that the kernel asked for in vain, as _request_firmware() says it, and as Debian's 6.1
 * does (drivers/base/firmware_loader/main.c, linux 6.1 and 6.12). The guest has none.
 */
function withoutFirmware(console: string): string {
  const said = /Direct firmware load for (\S+) failed|firmware: failed to load (\S+)/.exec(console);
  const name = said?.[1] ?? said?.[2];
  return name === undefined ? '' : `; the kernel asked for the firmware ${name}, guests have none`;
}

/** A guest that ended by what was found has shown all the same how its module fared. */
function endOf(visited: Visited, output: VisitOutput, crashed: boolean): VisitEnd {
  const { module, exercise } = visited;
  const { records, lost } = output;
  const lacks = withoutFirmware(output.console);
  const gone = recordsOf(records, 'unloaded').some((one) => one.module === module);
  if (lost !== null && !(crashed && gone)) return { is: 'lost', why: lost };
  const steps = recordsOf(records, 'step');
  const load = steps.find((step) => /^(?:need|load)$/.test(step.step) && failed(step));
  if (load) return { is: 'not-loaded', why: `${whyOf(load)}${lacks}` };
  const unloaded = recordsOf(records, 'unloaded').find((record) => record.module === module);
  if (visited.isBuiltin) return { is: 'builtin' };
  const step = steps.find(failed);
  if (step) return { is: 'exercise-failed', command: step.command, why: `${whyOf(step)}${lacks}` };
  const wanted = missing(
    exercise,
    recordsOf(records, 'seen').at(-1),
    recordsOf(records, 'used')[0],
  );
  if (wanted !== null) return { is: 'nothing-appeared', wanted: `${wanted}${lacks}` };
  if (!unloaded) return { is: 'not-loaded', why: 'it was there before, or did not stay' };
  if (unloaded.error !== 0) return { is: 'not-unloaded', why: unloadWhy(unloaded) };
  return { is: unloaded.waited === 1 ? 'waited' : 'unloaded' };
}

function unloadWhy({ error, refcount, ms }: RecordOf<'unloaded'>): string {
  const used = refcount > 0 ? `, it is used ${refcount} times` : '';
  return `${strerror(error)}${used}, for ${(ms / 1000).toFixed(1)} s`;
}

/** What the exercise says must appear and was not seen; null where nothing is missing. */
function missing(
  exercise: Exercise | null,
  seen: RecordOf<'seen'> | undefined,
  use: RecordOf<'used'> | undefined,
): string | null {
  if (!exercise || !seen) return null;
  const { objects, object, callback, used } = exercise.appears;
  if (used && (use?.most ?? 0) <= (use?.loaded ?? 0)) {
    return `a use of the module (its reference count stayed at ${use?.loaded ?? 0})`;
  }
  if (objects !== undefined && seen.objects < objects) {
    return `${objects} objects (there were ${seen.objects})`;
  }
  if (object !== undefined && seen.object === 0) return `an object ${object}`;
  return callback !== undefined && seen.callback === 0 ? `a callback ${callback}` : null;
}
