// SPDX-License-Identifier: GPL-2.0-only
import { firstRecord, type GuestRecord, recordsOf } from '../model/record.js';
import type { Block, SweepPhase, SweepTrial } from '../model/sweep.js';
import type { StepEvidence } from '../model/trial.js';
import { field, numberField, type TraceEvent } from '../evidence/trace.js';

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

/**
 * What a sweep's trial did after step 7, from its trace; and from its console where the kernel
 * panicked when the holder ran after the unload.
 */
export function judgeSweepTrial(
  asked: number,
  events: readonly TraceEvent[],
  records: readonly GuestRecord[],
  steps: readonly StepEvidence[],
  fatalRun: StepEvidence | null = null,
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
  const pids = new Map(recordsOf(records, 'scheduler').map((r) => [r.party, r.pid]));
  const holder = firstRecord(records, 'hold')?.pid;
  const dmsetup = pids.get('dmsetup');
  const remover = pids.get('remover');
  const known = events.slice(from + 1);
  const end = known.findIndex((e) => e.pid === remover && e.name === 'sys_delete_module:exit');
  const until = end < 0 ? known.length : end;

  const found = blocksOf(known.slice(0, until), dmsetup, remover);
  const blocks = found.map(({ block }) => block);
  const switchedIn = (pid: number | undefined) => (event: TraceEvent) =>
    event.name === 'sched_switch' && numberField(event, 'next_pid') === pid;
  const ran = known.findIndex(switchedIn(holder));
  const fatal = ran < 0 && end >= 0 ? fatalRun : null;
  if (ran < 0 && fatal === null) return none('the holder never ran again', blocks);
  const evidence = fatal?.evidence ?? known[ran]?.line ?? null;
  if (fatal !== null || ran > until) {
    const missed =
      asked <= blocks.length ? `the holder ran after the unload, not at block ${asked}` : null;
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
  dmsetup: number | undefined,
  remover: number | undefined,
): Found[] {
  const found: Found[] = [];
  let phase: SweepPhase = 'removal';
  events.forEach((event, index) => {
    if (event.pid === dmsetup && event.name === 'sys_ioctl:exit') phase = 'before-unload';
    if (event.pid === remover && event.name === 'sys_delete_module:enter') phase = 'unload';
    if (event.name === 'module_free' && event.text.trim() === 'dm_mod') phase = 'freeing';
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
