// SPDX-License-Identifier: MIT

import { readRecords } from '../../evidence/records.js';
import { numberField, parseTrace, type TraceEvent } from '../../evidence/trace.js';
import { proofOf } from '../../model/proof.js';
import type { GuestOutput, TrialResult } from '../../model/trial.js';
import { scenarioOf } from '../../scenarios/index.js';
import { placeConsole } from './console.js';
import { stretchesOf, type Task, tasksOf } from './cpu.js';
import { lanesOf, partiesOf } from './lanes.js';
import {
  CONSOLE_LANE,
  type CrashMark,
  type Lane,
  type Segment,
  type StepMark,
  type Timeline,
  type Unload,
  type Wakeup,
} from './model.js';

/**
 * The picture of one trial: lanes, who ran when, the steps as they were judged, the unload, the
 * crash and the console. Pure, and never throws: what is not in the files is not in the picture.
 */
export function timelineOf(files: GuestOutput, result: TrialResult): Timeline {
  const { telling, suspect } = scenarioOf(result);
  const events = parseTrace(files.trace);
  const records = [files.readyRecords, files.records].flatMap((text) => readRecords(text).records);
  const parties = partiesOf(records);
  const tasks = tasksOf(events);
  const { lanes, of } = lanesOf(tasks, parties);
  const laneOf = (pid: number): string => of.get(pid) ?? CONSOLE_LANE;

  const byTask = stretchesOf(events).map(
    ({ pid, is, prio, ...rest }): Segment => ({
      ...rest,
      is,
      lane: laneOf(pid),
      says: `${nameOf(tasks, pid)} ${WORDS[is]}${prio === null ? '' : `, prio ${prio}`}`,
    }),
  );
  const cpus = cpuLanes(byTask, laneOf(IDLE));
  // The idle tasks of several processors are one pid, and idle at the same time.
  const told =
    cpus.lanes.length === 0 ? byTask : byTask.filter(({ lane }) => lane !== laneOf(IDLE));
  const segments = [...told, ...cpus.segments];
  const steps = result.steps.flatMap((proof): StepMark[] => {
    const told = proofOf(telling, proof.step);
    if (!told) return [];
    const { step, party, says } = told;
    // Where no one plays the party (no holder in a delayed release), the task of the line does.
    const pid = Number(/^\S+?-(\d+)\s/.exec(proof.evidence)?.[1] ?? Number.NaN);
    const lane = lanes.some((known) => known.id === party) ? party : laneOf(pid);
    return [{ step, lane, atUs: proof.atUs, says, evidence: proof.evidence }];
  });
  const startUs = events[0]?.us ?? 0;
  const endUs = events.at(-1)?.us ?? startUs;
  const printed = placeConsole(files.console, result.findings, events);
  const used = new Set([
    ...segments.map((segment) => segment.lane),
    ...steps.map((step) => step.lane),
    CONSOLE_LANE,
  ]);
  return {
    placement: result.placement,
    index: result.index,
    outcome: result.outcome,
    module: suspect.name,
    lanes: [...lanes.filter((lane) => used.has(lane.id)), ...cpus.lanes],
    segments,
    steps,
    preempted: preemptedOf(segments, steps, endUs),
    unload: unloadOf(events, parties, { module: suspect.name, endUs }),
    crashes: printed.crashes.map(({ atUs, pid, title }): CrashMark => {
      return { atUs, title, lane: pid === null ? CONSOLE_LANE : laneOf(pid) };
    }),
    console: printed.ticks,
    consoleExact: printed.exact,
    wakeups: wakeupsOf(events, laneOf),
    startUs,
    endUs: Math.max(endUs, ...printed.ticks.map((tick) => tick.atUs)),
    zeroUs: steps.find((step) => step.step === 1)?.atUs ?? startUs,
  };
}

/** Every processor's idle task has this pid. */
const IDLE = 0;

/** Where a guest has several processors, a lane for each: who ran there. */
function cpuLanes(
  segments: readonly Segment[],
  idle: string,
): { readonly lanes: readonly Lane[]; readonly segments: readonly Segment[] } {
  const runs = segments.filter(({ is, lane }) => is === 'runs' && lane !== idle);
  const numbers = [...new Set(runs.map(({ cpu }) => cpu))].sort((a, b) => a - b);
  if (numbers.length < 2) return { lanes: [], segments: [] };
  const id = (cpu: number): string => `cpu-${cpu}`;
  return {
    lanes: numbers.map((cpu) => ({ id: id(cpu), kind: 'other', label: `CPU ${cpu}` })),
    segments: runs.map((segment) => ({ ...segment, lane: id(segment.cpu) })),
  };
}

const WORDS = { runs: 'runs', blocked: 'blocked (D)', ready: 'runnable, off the CPU' } as const;

const nameOf = (tasks: ReadonlyMap<number, Task>, pid: number): string =>
  pid === 0 ? 'idle' : `${tasks.get(pid)?.comms.at(-1) ?? ''}-${pid}`;

/** From step 7 until the holder had the CPU again. */
function preemptedOf(
  segments: readonly Segment[],
  steps: readonly StepMark[],
  endUs: number,
): Segment | null {
  const from = steps.find((step) => step.step === 7);
  if (!from) return null;
  const again = segments
    .filter((s) => s.lane === 'holder' && s.is === 'runs' && s.startUs >= from.atUs)
    .reduce((first, s) => Math.min(first, s.startUs), endUs);
  return {
    lane: 'holder',
    startUs: from.atUs,
    endUs: again,
    is: 'ready',
    says: `the holder is preempted inside complete() for ${((again - from.atUs) / 1000).toFixed(3)} ms`,
    cpu: 0,
  };
}

function unloadOf(
  events: readonly TraceEvent[],
  parties: ReadonlyMap<number, string>,
  { module, endUs }: { readonly module: string; readonly endUs: number },
): Unload | null {
  const byRemover = (event: TraceEvent): boolean => parties.get(event.pid) === 'remover';
  const start = events.find((e) => e.name === 'sys_delete_module:enter' && byRemover(e));
  if (!start) return null;
  const later = events.filter((event) => event.us >= start.us);
  const freed = later.find((e) => e.name === 'module_free' && e.text.trim() === module);
  const end = later.find((e) => e.name === 'sys_delete_module:exit' && e.pid === start.pid);
  return { startUs: start.us, freedUs: freed?.us ?? null, endUs: end?.us ?? endUs };
}

/** Wake-ups whose task got a CPU later; one that is woken twice counts from the first time. */
function wakeupsOf(events: readonly TraceEvent[], laneOf: (pid: number) => string): Wakeup[] {
  const pending = new Map<number, TraceEvent>();
  const wakeups: Wakeup[] = [];
  for (const event of events) {
    if (event.name === 'sched_waking') {
      const pid = numberField(event, 'pid');
      if (pid !== null && !pending.has(pid)) pending.set(pid, event);
    } else if (event.name === 'sched_switch') {
      const pid = numberField(event, 'next_pid');
      const woken = pid === null ? undefined : pending.get(pid);
      if (pid === null || !woken) continue;
      pending.delete(pid);
      wakeups.push({
        atUs: woken.us,
        fromLane: laneOf(woken.pid),
        toLane: laneOf(pid),
        runsUs: event.us,
      });
    }
  }
  return wakeups;
}
