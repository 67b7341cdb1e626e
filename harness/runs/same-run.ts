// SPDX-License-Identifier: MIT
import { DmraceError } from '../model/errors.js';
import type { RunNote } from './run-note.js';

/** What decides what a run's trials are; undefined for what an older version did not record. */
function facts(note: RunNote): Record<string, string | undefined> {
  const { kernel, shard } = note;
  const json = (value: unknown): string | undefined =>
    value === undefined ? undefined : JSON.stringify(value);
  return {
    'version of dmrace': note.dmrace,
    'form of the run’s files': String(note.schema),
    'kernel release': kernel.release,
    'kernel version': kernel.version,
    'kernel configuration': kernel.configSha256,
    'kernel image (SHA-256)': kernel.imageSha256,
    architecture: kernel.arch,
    'build of the kernel': json(kernel.build),
    'patches of the kernel': JSON.stringify(
      (kernel.patches ?? []).map(({ subject, sha256 }) => [subject, sha256]),
    ),
    'home of the release method': kernel.methodHome,
    preemption: kernel.preempt,
    accelerator: note.accel,
    QEMU: note.qemu,
    guest: json(note.guests),
    scenario: note.scenario,
    trials: String(note.trials),
    placements: note.placements.join(),
    seed: String(note.seed),
    processors: String(note.cpus ?? 1),
    duration: String(note.durationMs),
    determinism: String(note.deterministic === true),
    shard: shard ? `${shard.number}/${shard.of}` : 'none',
  };
}

/**
 * What is resumed must be what was begun, and what is merged must be parts of one run.
 * @throws DmraceError (usage) that names the first difference.
 */
export function sameRun(begun: RunNote, now: RunNote): void {
  const old = facts(begun);
  for (const [name, value] of Object.entries(facts(now))) {
    const before = old[name];
    if (before === value || before === undefined || value === undefined) continue;
    throw new DmraceError('usage', {
      observed: `the run cannot be resumed or merged: ${name} was ${before}, now it is ${value}`,
      action: 'begin a new run',
    });
  }
}
