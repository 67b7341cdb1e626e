// SPDX-License-Identifier: GPL-2.0-only
import { firstRecord, recordsOf } from '../model/record.js';
import type { StepNumber } from '../model/steps.js';
import type { StepEvidence } from '../model/trial.js';
import type { KindEvidence, KindJudgement } from './recipe.js';
import { isDmRemove } from '../evidence/prove.js';
import { field, type TraceEvent } from '../evidence/trace.js';

/** Said of a trial whose delay ended before the unload: it shows the other side, and no crash. */
export const RELEASED_BEFORE_UNLOAD =
  'the disk was released before the unload was done: the delay fell on the other side';

const returnedZero = (event: TraceEvent): boolean => /^(0x)?0$/.test(event.text.trim());

/** The kernel must be its own: nothing loaded that is not in its tree. */
function taintProblems({ records }: KindEvidence): string[] {
  const [taint] = recordsOf(records, 'taint');
  if (!taint) return ['the guest did not say whether its kernel is tainted (record "taint")'];
  return taint.value === 0
    ? []
    : [`the kernel was tainted before the trial: /proc/sys/kernel/tainted is ${taint.value}`];
}

/**
 * A trial of kind `delayed` has reached the window when the removal and the unload succeeded and
 * the disk was released after that. A release before the end of the unload is the other side: such
 * a trial survives, and tells nothing of the bug.
 */
export function judgeDelayed(evidence: KindEvidence): KindJudgement {
  const { events, records } = evidence;
  const steps: StepEvidence[] = [];
  const judgement = (
    how: 'reached' | 'other side' | 'cut short',
    ...missing: string[]
  ): KindJudgement => ({
    steps,
    reached: how === 'reached',
    whole: how !== 'cut short',
    doubts: taintProblems(evidence),
    missing,
    provenance: null,
  });
  const take = (step: StepNumber, event: TraceEvent): void => {
    steps.push({ step, atUs: event.us, evidence: event.line });
  };
  const number = firstRecord(records, 'device')?.number;
  const pids = new Map(recordsOf(records, 'scheduler').map((r) => [r.party, r.pid]));
  const dmsetup = pids.get('dmsetup');
  const remover = pids.get('remover');
  if (!number || !dmsetup || !remover) {
    return judgement('cut short', 'the guest reported no device or no remover');
  }
  const disk = `dm-${number.split(':')[1]}`;

  const from = events.findIndex(
    (e) => e.pid === dmsetup && e.name === 'sys_ioctl:enter' && isDmRemove(e),
  );
  const removing = events[from];
  if (!removing) return judgement('cut short', 'step 2: no DM_DEV_REMOVE by dmsetup');
  take(2, removing);

  const removed = events.findIndex(
    (e, at) => at > from && e.pid === dmsetup && e.name === 'sys_ioctl:exit',
  );
  const done = events[removed];
  if (!done || !returnedZero(done))
    return judgement('cut short', 'step 8: the removal did not succeed');
  take(8, done);

  const freed = events.findIndex(
    (e, at) => at > removed && e.name === 'module_free' && e.text.trim() === 'dm_mod',
  );
  const unloaded = events.findIndex(
    (e, at) => freed >= 0 && at > freed && e.pid === remover && e.name === 'sys_delete_module:exit',
  );
  const gone = events[unloaded];
  if (!gone || !returnedZero(gone))
    return judgement('cut short', 'step 9: the unload did not succeed');
  take(9, gone);

  const release = events.findIndex(
    (e, at) => at > from && e.name === 'disk_release' && field(e, 'name') === `"${disk}"`,
  );
  const late = events[release];
  if (!late) return judgement('cut short', `step 10: ${disk} was never released`);
  if (release < unloaded) return judgement('other side', `step 10: ${RELEASED_BEFORE_UNLOAD}`);
  take(10, late);
  return judgement('reached');
}
