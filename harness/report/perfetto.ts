// SPDX-License-Identifier: MIT
import type { TrialEvidence } from './evidence.js';
import { timelineOf } from './timeline/build.js';
import type { Timeline } from './timeline/model.js';

/**
 * One event of the Trace Event Format (Google, "Trace Event Format", the document behind
 * chrome://tracing; the Perfetto UI reads it too). `ts` and `dur` are microseconds.
 */
export interface ChromeEvent {
  readonly ph: 'M' | 'X' | 'i' | 's' | 'f';
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly cat?: string;
  readonly id?: number;
  /** Scope of an instant event: `t` thread, `p` process. */
  readonly s?: 't' | 'p';
  /** Where a flow ends: `e`, the enclosing slice. */
  readonly bp?: 'e';
  readonly args?: Readonly<Record<string, string | number>>;
}

/** The timelines as Chrome trace JSON: a process for each trial, a thread for each lane. */
export function renderPerfetto(trials: readonly TrialEvidence[]): string {
  const traceEvents = trials.flatMap(({ files, result }, index) =>
    chromeEvents(timelineOf(files, result), index + 1),
  );
  return `${JSON.stringify({ displayTimeUnit: 'ns', traceEvents })}\n`;
}

/** Times are the guest's trace clock, so that they are those of trace.txt. */
export function chromeEvents(timeline: Timeline, pid: number): ChromeEvent[] {
  const tids = new Map(timeline.lanes.map((lane, index) => [lane.id, index + 1]));
  const tid = (lane: string): number => tids.get(lane) ?? 0;
  const meta = (
    name: string,
    thread: number,
    args: Record<string, string | number>,
  ): ChromeEvent => ({
    ph: 'M',
    name,
    pid,
    tid: thread,
    args,
  });
  const instant = (
    name: string,
    lane: string,
    ts: number,
    args: Record<string, string>,
    scope: 't' | 'p' = 't',
  ): ChromeEvent => ({ ph: 'i', s: scope, name, pid, tid: tid(lane), ts, cat: 'dmrace', args });
  const slice = (
    name: string,
    lane: string,
    startUs: number,
    endUs: number,
    args: Record<string, string | number>,
  ): ChromeEvent => ({
    ph: 'X',
    name,
    pid,
    tid: tid(lane),
    ts: startUs,
    dur: endUs - startUs,
    cat: 'sched',
    args,
  });
  const { unload, preempted } = timeline;
  return [
    meta('process_name', 0, { name: `${timeline.placement} #${timeline.index}` }),
    ...timeline.lanes.flatMap((lane) => [
      meta('thread_name', tid(lane.id), { name: lane.label }),
      meta('thread_sort_index', tid(lane.id), { sort_index: tid(lane.id) }),
    ]),
    // Slices of a thread may nest but not cross, so what waits is left out: only one has the CPU.
    ...timeline.segments
      .filter((segment) => segment.is === 'runs')
      .map((s) => slice(s.says, s.lane, s.startUs, s.endUs, { cpu: s.cpu })),
    ...(preempted
      ? [slice('preempted inside complete()', 'holder', preempted.startUs, preempted.endUs, {})]
      : []),
    ...timeline.steps.map((step) =>
      instant(`step ${step.step}: ${step.says}`, step.lane, step.atUs, { evidence: step.evidence }),
    ),
    ...(unload?.freedUs == null
      ? []
      : [instant(`${timeline.module} unloaded (module_free)`, 'remover', unload.freedUs, {}, 'p')]),
    ...timeline.crashes.map((crash) =>
      instant(`crash: ${crash.title}`, crash.lane, crash.atUs, {}, 'p'),
    ),
    ...timeline.console.map((tick) =>
      instant(tick.text || '(empty line)', 'console', tick.atUs, {}),
    ),
    ...timeline.wakeups.flatMap((wakeup, id): ChromeEvent[] => {
      const flow = { name: 'wakes', cat: 'wakeup', pid, id: pid * 1_000_000 + id };
      return [
        { ...flow, ph: 's', tid: tid(wakeup.fromLane), ts: wakeup.atUs },
        { ...flow, ph: 'f', bp: 'e', tid: tid(wakeup.toLane), ts: wakeup.runsUs },
      ];
    }),
  ];
}
