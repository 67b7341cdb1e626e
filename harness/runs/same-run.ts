// SPDX-License-Identifier: GPL-2.0-only
import { DmraceError } from '../model/errors.js';
import type { RunNote } from './run-note.js';

/**
 * What is resumed must be what was begun.
 * @throws DmraceError (usage) that names the first difference.
 */
export function sameRun(begun: RunNote, now: RunNote): void {
  const facts = (note: RunNote): Record<string, string> => ({
    'version of dmrace': note.dmrace,
    'kernel release': note.kernel.release,
    'kernel version': note.kernel.version ?? '',
    'kernel configuration': note.kernel.configSha256,
    preemption: note.kernel.preempt,
    accelerator: note.accel,
    scenario: note.scenario,
    trials: String(note.trials),
    placements: note.placements.join(),
    seed: String(note.seed),
    processors: String(note.cpus ?? 1),
    duration: String(note.durationMs),
    determinism: String(note.deterministic === true),
    shard: note.shard ? `${note.shard.number}/${note.shard.of}` : 'none',
  });
  const old = facts(begun);
  for (const [name, value] of Object.entries(facts(now))) {
    if (old[name] === value) continue;
    throw new DmraceError('usage', {
      observed: `the run cannot be resumed or merged: ${name} was ${old[name]}, now it is ${value}`,
      action: 'begin a new run',
    });
  }
}
