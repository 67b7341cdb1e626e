// SPDX-License-Identifier: MIT
import { field, numberField, type TraceEvent } from '../evidence/trace.js';
import { firstRecord, type GuestRecord } from '../model/record.js';
import type { Block, SweepPhase, SweepTrial } from '../model/sweep.js';
import type { StepEvidence } from '../model/trial.js';
import { partiesOf } from './cast.js';
import { BY_WINDOW, type Evidence, type Judgement, type Recipe } from './recipe.js';
import { RACE_GUEST, schedulingProblems, windowOf } from './release-return.js';

/** Functions that are on every sleeping stack and say nothing of what is waited for. */
const MECHANICS =
  /^(__)?schedule(_\w+)?$|^preempt_\w+$|^io_schedule(_\w+)?$|^(__)?wait_for_common$|^do_wait_for_common$|^(__)?wait_for_(completion|common)(_\w+)?$|^schedule_timeout(_\w+)?$|^trace_\w+$|^(__)?traceiter_\w+$|^(__)?bpf_\w+$|^event_triggers_\w+$|^stacktrace_\w+$|^ftrace_\w+$|^kprobe_\w+$/;

const plain = (symbol: string): string => symbol.replace(/\+0x.*$/, '').replace(/\.\w+\.\d+$/, '');

/** The innermost function that is not the scheduler's or the completion's own. */
export function waitsIn(stack: readonly string[]): string {
  return stack.map(plain).find((name) => !MECHANICS.test(name)) ?? plain(stack[0] ?? '?');
}

/** State letters S, D and I: prev_state of a task that went to sleep (not R+, X, Z). */
const slept = (event: TraceEvent): boolean => /^[SDI]/.test(field(event, 'prev_state') ?? '');

/** What of a trial's evidence tells where the holder ran. */
export interface SweepEvidence {
  readonly events: readonly TraceEvent[];
  readonly records: readonly GuestRecord[];
  readonly fatalRun: StepEvidence | null;
  /** The module that is unloaded. */
  readonly module: string;
}

/**
 * What a sweep's trial did after step 7, from its trace; and from its console where the kernel
 * panicked when the holder ran after the unload.
 */
export function sweepTrial(
  asked: number | 'after',
  { events, records, fatalRun, module }: SweepEvidence,
  steps: readonly StepEvidence[],
): SweepTrial {
  const none = (missed: string, blocks: readonly Block[] = []): SweepTrial => ({
    asked,
    blocks,
    ranAt: null,
    evidence: null,
    missed,
  });
  const seventh = steps.find((step) => step.step === 7);
  const from = seventh ? events.findIndex((event) => event.line === seventh.evidence) : -1;
  if (from < 0) return none('step 7 was not proven');
  const pids = partiesOf(records);
  const holder = firstRecord(records, 'hold')?.pid;
  const dmsetup = pids.get('dmsetup');
  const remover = pids.get('remover');
  const known = events.slice(from + 1);
  const end = known.findIndex((e) => e.pid === remover && e.name === 'sys_delete_module:exit');
  const until = end < 0 ? known.length : end;

  const found = blocksOf(known.slice(0, until), { dmsetup, remover, module });
  const blocks = found.map(({ block }) => block);
  const switchedIn = (pid: number | undefined) => (event: TraceEvent) =>
    event.name === 'sched_switch' && numberField(event, 'next_pid') === pid;
  const ran = known.findIndex(switchedIn(holder));
  const fatal = ran < 0 && end >= 0 ? fatalRun : null;
  if (ran < 0 && fatal === null) return none('the holder never ran again', blocks);
  const evidence = fatal?.evidence ?? known[ran]?.line ?? null;
  if (fatal !== null || ran > until) {
    const missed =
      asked !== 'after' && asked <= blocks.length
        ? `the holder ran after the unload, not at block ${asked}`
        : null;
    return { asked, blocks, ranAt: 'after', evidence, missed };
  }
  const at = found.findLast(({ index }) => index < ran);
  if (!at)
    return { asked, blocks, ranAt: null, evidence, missed: 'the holder ran before any block' };
  const back = (start: number): number =>
    known.findIndex((e, i) => i > start && switchedIn(at.pid)(e));
  const ended = known.findIndex(
    (e, i) =>
      i > ran &&
      e.pid === holder &&
      (e.name === 'sys_ioctl:exit' || e.name === 'sched_process_exit'),
  );
  const again = back(at.index);
  const missed =
    at.block.number !== asked
      ? `the holder ran at block ${at.block.number}, not at ${asked}`
      : again >= 0 && again < ran
        ? `the remover was awake again before the holder ran`
        : ended < 0
          ? 'the holder neither returned nor ended'
          : again >= 0 && again < ended
            ? 'the remover went on before the holder had returned'
            : null;
  return { asked, blocks, ranAt: at.block.number, evidence, missed };
}

interface Found {
  readonly block: Block;
  readonly index: number;
  readonly pid: number;
}

function blocksOf(
  events: readonly TraceEvent[],
  {
    dmsetup,
    remover,
    module,
  }: { dmsetup: number | undefined; remover: number | undefined; module: string },
): Found[] {
  const found: Found[] = [];
  let phase: SweepPhase = 'removal';
  events.forEach((event, index) => {
    if (event.pid === dmsetup && event.name === 'sys_ioctl:exit') phase = 'before-unload';
    if (event.pid === remover && event.name === 'sys_delete_module:enter') phase = 'unload';
    if (event.name === 'module_free' && event.text.trim() === module) phase = 'freeing';
    const pid = event.name === 'sched_switch' ? numberField(event, 'prev_pid') : null;
    if (pid === null || (pid !== dmsetup && pid !== remover) || !slept(event)) return;
    const stack = event.stack.map((entry) => entry.symbol);
    found.push({
      index,
      pid,
      block: {
        number: found.length + 1,
        who: pid === dmsetup ? 'dmsetup' : 'remover',
        waitsIn: waitsIn(stack),
        stack,
        atUs: event.us,
        phase,
      },
    });
  });
  return found;
}

/** A sweep has its own rule: that the last step came before the unload is its plan. */
function judge(evidence: Evidence<'sweep'>): Judgement<'sweep'> {
  const { plan, scenario, events, records, fatalRun } = evidence;
  const window = windowOf(evidence);
  const seen = { events, records, fatalRun, module: scenario.suspect.name };
  const sweep = sweepTrial(plan.yieldAfter, seen, window.steps);
  const hit = sweep.missed === null;
  return {
    steps: window.steps,
    reached: hit,
    whole: hit,
    foreign: window.foreign,
    doubts: schedulingProblems(records),
    missing: hit ? [] : [`point ${plan.yieldAfter} missed: ${sweep.missed}`],
    provenance: window.provenance,
    detail: { sweep },
  };
}

/** The race of {@link windowOf}, in which a gate lets the holder run at a chosen block of the remover. */
export const sweep: Recipe<'sweep'> = {
  name: 'sweep',
  guest: RACE_GUEST,
  cpus: 1,
  word: 'trial',
  command: ({ yieldAfter }, { pinsParent }) => [
    `pin=${pinsParent ? 1 : 0}`,
    `yield-after=${yieldAfter}`,
  ],
  extraMs: () => 0,
  endsByCrash: true,
  judge,
  verdict: BY_WINDOW,
  table: null,
};
