// SPDX-License-Identifier: MIT
import { firstRecord, type GuestRecord, recordsOf } from '../../model/record.js';
import type { Task } from './cpu.js';
import { CONSOLE_LANE, LANE_KINDS, type Lane, type LaneKind } from './model.js';

/** Lanes from the top down, and where each task belongs. */
export interface Lanes {
  readonly lanes: readonly Lane[];
  readonly of: ReadonlyMap<number, string>;
}

const PARTY_KINDS: Readonly<Record<string, LaneKind>> = {
  holder: 'holder',
  remover: 'remover',
  dmsetup: 'remover', // the process in which the remover's ioctl runs
  'planted-remove': 'remover',
  load: 'load',
};

/** What runs in the guest as a program; everything else without a system call is a kernel thread. */
const PROGRAMS = /^(init|sh|busybox|dmrace-guest|dmsetup|mount|cat|insmod|rmmod|modprobe)$/;

/** Which pid plays which party, as the guest reported it. */
export function partiesOf(records: readonly GuestRecord[]): Map<number, string> {
  const parties = new Map(recordsOf(records, 'scheduler').map((r) => [r.pid, r.party]));
  const hold = firstRecord(records, 'hold');
  if (hold) parties.set(hold.pid, 'holder');
  return parties;
}

/** One lane for each party, each kernel thread and each other process. */
export function lanesOf(
  tasks: ReadonlyMap<number, Task>,
  parties: ReadonlyMap<number, string>,
): Lanes {
  const lanes = new Map<string, Lane>();
  const of = new Map<number, string>();
  for (const task of tasks.values()) {
    const lane = laneOf(task, parties.get(task.pid));
    if (!lanes.has(lane.id)) lanes.set(lane.id, lane);
    of.set(task.pid, lane.id);
  }
  lanes.set(CONSOLE_LANE, { id: CONSOLE_LANE, kind: 'console', label: 'console' });
  return { lanes: [...lanes.values()].sort(inOrder), of };
}

const inOrder = (a: Lane, b: Lane): number =>
  LANE_KINDS.indexOf(a.kind) - LANE_KINDS.indexOf(b.kind) || a.label.localeCompare(b.label);

function laneOf(task: Task, party: string | undefined): Lane {
  const kind = party === undefined ? undefined : PARTY_KINDS[party];
  if (kind) return { id: kind, kind, label: kind };
  const comm = task.comms.at(-1) ?? `pid ${task.pid}`;
  const id = `pid-${task.pid}`;
  if (task.pid === 0) return { id: 'idle', kind: 'other', label: 'idle' };
  const program = task.calls || PROGRAMS.test(comm) || party !== undefined;
  // The guest's program forks the parties: what is none of them is their parent.
  if (program && comm === 'dmrace-guest') return { id, kind: 'other', label: 'guest (parent)' };
  return { id, kind: program ? 'other' : 'kthread', label: comm };
}
