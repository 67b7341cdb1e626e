// SPDX-License-Identifier: MIT
import type { Exercise } from '../../model/exercise.js';

/** What the guest is told of one visit, besides its exercise. */
export interface VisitOrder {
  readonly number: number;
  readonly module: string;
  readonly exercise: Exercise | null;
  /** Have our module delay RCU callbacks (vm/audit/rcu.c). */
  readonly delay: boolean;
  /** Have it hold every object that is added (vm/audit/objects.c). */
  readonly hold: boolean;
  /** How many of the things that are found are made to happen. */
  readonly prove: number;
  /** The first of those that can be, from 0: the others ended a guest before. */
  readonly proveFrom: number;
  /** Of each command and unload. */
  readonly limitMs: number;
  /** How long a crash is waited for at the end, where nobody of ours watches. */
  readonly settleMs: number;
  /** Destroy and unload by a SCHED_FIFO process. */
  readonly fifo: boolean;
}

/** The guest takes a byte as %XX (vm/guest/audit/serve.c). */
const encoded = (text: string): string => encodeURIComponent(text);

/** The lines by which the guest is told of a visit. Pure. */
export function visitCommand(order: VisitOrder): string[] {
  const { exercise } = order;
  const line = (name: string, value: string | number): string => `${name}=${encoded(`${value}`)}`;
  return [
    line('visit', order.number),
    line('module', order.module),
    ...(exercise?.parameters ? [line('parameters', exercise.parameters)] : []),
    ...(exercise?.needs ?? []).map((need) => line('need', need)),
    ...(exercise?.create ?? []).map((command) => line('create', command)),
    ...(exercise?.destroy ?? []).map((command) => line('destroy', command)),
    ...(exercise?.appears.object ? [line('object', exercise.appears.object)] : []),
    ...(exercise?.appears.callback ? [line('callback', exercise.appears.callback)] : []),
    line('delay', order.delay ? 1 : 0),
    line('hold', order.hold ? 1 : 0),
    line('prove', order.prove),
    line('prove-from', order.proveFrom),
    line('limit-ms', order.limitMs),
    line('settle-ms', order.settleMs),
    line('fifo', order.fifo ? 1 : 0),
    'go',
  ];
}
