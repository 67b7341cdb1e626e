// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import {
  abandoned,
  type OwnerLabels,
  ownerLabels,
  processStart,
} from '../../../harness/docker/owner.js';

const HOUR = 3600_000;
const ours: OwnerLabels = {
  'dmrace.owner': '1',
  'dmrace.owner.boot': 'b',
  'dmrace.owner.pidns': 'n',
  'dmrace.owner.pid': '10',
  'dmrace.owner.start': '99',
};
const judged = (labels: Partial<OwnerLabels>, running: boolean, ageMs: number, start: string) =>
  abandoned({ labels: { ...ours, ...labels }, running, ageMs }, ours, async () => start);

describe('what a client left', () => {
  it('is abandoned when its process is gone, or its pid is another’s now', async () => {
    expect(await judged({}, true, 0, '')).toBe(true);
    expect(await judged({}, true, 0, '100')).toBe(true);
    expect(await judged({}, false, HOUR * 9, '99')).toBe(false);
  });
  it('of another boot or namespace is abandoned only when it has ended long ago', async () => {
    for (const labels of [{ 'dmrace.owner.boot': 'x' }, { 'dmrace.owner.pidns': 'x' }]) {
      expect(await judged(labels, true, HOUR * 9, '')).toBe(false);
      expect(await judged(labels, false, HOUR / 2, '')).toBe(false);
      expect(await judged(labels, false, HOUR * 2, '')).toBe(true);
    }
  });
  it('names a process that can be found again', async () => {
    const labels = await ownerLabels();
    expect(await processStart(labels['dmrace.owner.pid'])).toBe(labels['dmrace.owner.start']);
    expect(await processStart(String(spawnSync('true').pid))).toBe('');
  });
});
