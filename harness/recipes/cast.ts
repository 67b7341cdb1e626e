// SPDX-License-Identifier: MIT
import type { Cast } from '../evidence/prove.js';
import { firstRecord, type GuestRecord, recordsOf } from '../model/record.js';
import type { Suspect } from '../model/suspect.js';

/** Pids of the parties, as the guest reported them (record `scheduler`). */
export const partiesOf = (records: readonly GuestRecord[]): ReadonlyMap<string, number> =>
  new Map(recordsOf(records, 'scheduler').map((record) => [record.party, record.pid]));

/** Who is who in a race with a holder; why not, in words, when the guest did not say. */
export function holderCast(
  records: readonly GuestRecord[],
  suspect: Pick<Suspect, 'remover'>,
): Cast | string {
  const hold = firstRecord(records, 'hold');
  if (!hold) return 'the guest reported no reference held (record "hold")';
  const parties = partiesOf(records);
  const dmsetup = parties.get(suspect.remover);
  const remover = parties.get('remover');
  if (!dmsetup || !remover) return 'the guest reported no remover (record "scheduler")';
  return { pids: { holder: hold.pid, dmsetup, remover }, bound: { kobject: hold.kobject } };
}

/** Who is who in a race without one. */
export function removerCast(
  records: readonly GuestRecord[],
  suspect: Pick<Suspect, 'remover' | 'objectName'>,
): Cast | string {
  const diskName = suspect.objectName(records);
  const parties = partiesOf(records);
  const dmsetup = parties.get(suspect.remover);
  const remover = parties.get('remover');
  if (!diskName || !dmsetup || !remover) return 'the guest reported no device or no remover';
  // The probe prints text in quotes (kernel/trace/trace_probe.c, PRINT_TYPE_FUNC_NAME(string)).
  return { pids: { dmsetup, remover }, bound: { diskName, disk: `"${diskName}"` } };
}
