// SPDX-License-Identifier: MIT
import { numberField, type TraceEvent } from '../../evidence/trace.js';

/** A stretch of a task on a CPU, or off it with the state that it left in. */
export interface Stretch {
  readonly pid: number;
  readonly cpu: number;
  readonly startUs: number;
  readonly endUs: number;
  readonly is: 'runs' | 'blocked' | 'ready';
  /** Kernel priority (0 to 139, lower wins) when the trace told it. */
  readonly prio: number | null;
}

/** A task's names in the trace: the last one wins, because exec() renames. */
export interface Task {
  readonly pid: number;
  readonly comms: readonly string[];
  /** It entered a system call, so it is no kernel thread. */
  readonly calls: boolean;
}

/** One end of a sched_switch. */
interface Switch {
  readonly comm: string;
  readonly pid: number;
  readonly prio: number | null;
  readonly state: string;
}

// include/trace/events/sched.h, TP_printk of sched_switch; a comm may hold blanks.
const SWITCH =
  /^prev_comm=(.*?) prev_pid=(\d+) prev_prio=(-?\d+) prev_state=(\S+) ==> next_comm=(.*) next_pid=(\d+) next_prio=(-?\d+)/;

function switchOf(event: TraceEvent): { prev: Switch; next: Switch } | null {
  const match = event.name === 'sched_switch' ? SWITCH.exec(event.text) : null;
  if (!match) return null;
  const [, prevComm = '', prevPid = '', prevPrio = '', state = '', comm = '', pid = '', prio = ''] =
    match;
  return {
    prev: { comm: prevComm, pid: Number(prevPid), prio: Number(prevPrio), state },
    next: { comm, pid: Number(pid), prio: Number(prio), state: '' },
  };
}

/** All tasks that the trace names. */
export function tasksOf(events: readonly TraceEvent[]): Map<number, Task> {
  const tasks = new Map<number, { pid: number; comms: string[]; calls: boolean }>();
  const see = (pid: number, comm: string, calls = false): void => {
    const task = tasks.get(pid) ?? { pid, comms: [], calls: false };
    if (task.comms.at(-1) !== comm && comm !== '' && comm !== '<...>') task.comms.push(comm);
    task.calls ||= calls;
    tasks.set(pid, task);
  };
  for (const event of events) {
    see(event.pid, event.comm, event.name.startsWith('sys_'));
    const change = switchOf(event);
    if (change) see(change.next.pid, change.next.comm);
  }
  return tasks;
}

/**
 * Who had which CPU when, and how long those that left it with work to do or in state D were off.
 * A task that is on a CPU at the trace's first event is taken to have been there from its start; one
 * that is there at the last, until its end.
 */
export function stretchesOf(events: readonly TraceEvent[]): Stretch[] {
  const first = events[0];
  const last = events.at(-1);
  if (!first || !last) return [];
  const stretches: Stretch[] = [];
  const running = new Map<number, { pid: number; since: number; prio: number | null }>();
  const off = new Map<number, { since: number; is: 'blocked' | 'ready' | null; cpu: number }>();
  const leave = (pid: number, cpu: number, endUs: number, prio: number | null): void => {
    const on = running.get(cpu);
    const startUs = on?.pid === pid ? on.since : first.us;
    stretches.push({ pid, cpu, startUs, endUs, is: 'runs', prio: on?.prio ?? prio });
  };
  const endWait = (pid: number, us: number): void => {
    const wait = off.get(pid);
    if (wait?.is) {
      const { since: startUs, is, cpu } = wait;
      stretches.push({ pid, cpu, startUs, endUs: us, is, prio: null });
    }
  };
  for (const event of events) {
    if (event.name === 'sched_waking') {
      const woken = numberField(event, 'pid');
      const wait = woken === null ? undefined : off.get(woken);
      if (woken !== null && wait && wait.is !== 'ready') {
        endWait(woken, event.us);
        off.set(woken, { since: event.us, is: 'ready', cpu: event.cpu });
      }
      continue;
    }
    const change = switchOf(event);
    if (!change) continue;
    const { prev, next } = change;
    leave(prev.pid, event.cpu, event.us, prev.prio);
    const is = prev.state.startsWith('R') ? 'ready' : prev.state.startsWith('D') ? 'blocked' : null;
    off.set(prev.pid, { since: event.us, is, cpu: event.cpu });
    endWait(next.pid, event.us);
    off.delete(next.pid);
    running.set(event.cpu, { pid: next.pid, since: event.us, prio: next.prio });
  }
  for (const [cpu, { pid }] of running) leave(pid, cpu, last.us, null);
  for (const pid of off.keys()) endWait(pid, last.us);
  return stretches;
}
