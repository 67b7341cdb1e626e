// SPDX-License-Identifier: MIT
// What ties a trial to its run, by a real sealed run.
import { beforeAll, describe, expect, it } from 'vitest';
import type { TrialFiles } from '../../../harness/model/trial.js';
import type { RunNote } from '../../../harness/runs/run-note.js';
import { noteOf, readSavedRun } from '../../../harness/runs/saved-run.js';
import { sharedNonces, tieOf, tieProblems } from '../../../harness/runs/ties.js';
import { assets } from '../../../harness/util/assets.js';

let note: RunNote;
let files: TrialFiles;
beforeAll(async () => {
  const saved = await readSavedRun(assets('test/fixtures/run-directories/planted'));
  note = noteOf(saved);
  const [first] = saved.counted.whole;
  if (!first) throw new Error('the fixture has no trial');
  files = first.files;
});

describe('a trial', () => {
  it('of its own run is tied to it', () => {
    expect(files.note.tie).toEqual(tieOf(note, files.note.plan.placement));
    expect(tieProblems(note, files)).toEqual([]);
  });

  it.each<[string, (of: RunNote) => RunNote]>([
    ['run', (of) => ({ ...of, id: 'another' })],
    ['kernel release', (of) => ({ ...of, kernel: { ...of.kernel, release: '9.9' } })],
    ['kernel version', (of) => ({ ...of, kernel: { ...of.kernel, version: '9.9' } })],
    ['kernel image', (of) => ({ ...of, kernel: { ...of.kernel, imageSha256: '00' } })],
    ['QEMU', (of) => ({ ...of, qemu: 'QEMU 9' })],
    ['guest', (of) => ({ ...of, guests: { ...of.guests, builtin: '00' } })],
    ['scenario', (of) => ({ ...of, scenario: 'release' })],
    ['seed', (of) => ({ ...of, seed: 99 })],
    ['placement', (of) => ({ ...of, placements: ['in-module'] })],
    ['guest’s architecture', (of) => ({ ...of, kernel: { ...of.kernel, arch: 'arm64' } })],
  ])('of a run with another %s is foreign', (what, change) => {
    expect(tieProblems(change(note), files).join('\n')).toContain(`its ${what} is `);
  });

  it('without a tie is none of a sealed run, and is one of a run from before', () => {
    const bare = { ...files, note: { ...files.note, tie: null } };
    expect(tieProblems(note, bare)).toEqual(['it is tied to no run']);
    expect(tieProblems({ ...note, schema: 1 }, bare)).toEqual([]);
  });

  it('of a shard is one of the merged run', () => {
    expect(tieProblems({ ...note, id: 'merged', parts: [note.id ?? '', 'other'] }, files)).toEqual(
      [],
    );
    expect(tieProblems({ ...note, id: 'merged', parts: ['other'] }, files)).toHaveLength(1);
  });

  it('has a nonce that no other has', () => {
    const { plan } = files.note;
    expect(sharedNonces([plan, plan, { ...plan, index: 1, nonce: 'f'.repeat(32) }])).toEqual([]);
    expect(sharedNonces([plan, { ...plan, index: 1 }])).toEqual([
      'builtin-0 and builtin-1 have one nonce',
    ]);
  });
});
