// SPDX-License-Identifier: MIT
import { COMPARED_PLACEMENTS } from '../../harness/model/placement.js';
import type { Results } from './results.js';
import { rigOf, say, timedTrial } from './rig.js';

/** One trial at a time, stock kernel: restored, and booted with the same work, in turn. */
export async function measureTrial(
  repeats: number,
  signal: AbortSignal,
): Promise<NonNullable<Results['trial']>> {
  const rig = await rigOf('debian', signal);
  const times = { qemuMs: [], loadMs: [], restoredMs: [], bootedMs: [] } as {
    qemuMs: number[];
    loadMs: number[];
    restoredMs: number[];
    bootedMs: number[];
  };
  for (let index = 0; index < repeats; index++) {
    const placement = COMPARED_PLACEMENTS[index % 2] ?? 'builtin';
    for (let again = 0; again < 2; again++) {
      const { ms, restored } = await timedTrial(rig, placement, index, 'restored', signal);
      times.restoredMs.push(ms);
      times.qemuMs.push(restored.qemuMs);
      times.loadMs.push(restored.readyMs - restored.qemuMs);
    }
    const booted = await timedTrial(rig, placement, index, 'booted', signal);
    times.bootedMs.push(booted.ms);
    say(
      `trial ${index + 1}/${repeats}: restored ${times.restoredMs.at(-1)?.toFixed(0)} ms, booted ${booted.ms.toFixed(0)} ms`,
    );
  }
  return { ...times, bootCount: repeats };
}
