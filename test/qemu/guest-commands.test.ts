// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { newNonce } from '../../harness/campaign/plan.js';
import { parseRecord } from '../../harness/model/read-record.js';
import { firstRecord, type GuestRecord, recordsOf } from '../../harness/model/record.js';
import { runInGuest } from '../../harness/trial/trial.js';
import { guestSpec, hostOf } from '../support/guest.js';

/** Boots a guest, gives it one command and returns what it reported of its trial. */
async function told(words: (nonce: string) => string): Promise<readonly GuestRecord[]> {
  const nonce = newNonce();
  const { output } = await runInGuest(hostOf(await guestSpec('builtin')), {
    command: words(nonce),
    nonce,
    deadlineMs: 120_000,
  });
  const records = output.records
    .split('\n')
    .filter(Boolean)
    .map(parseRecord)
    .flatMap((parsed) => (parsed.ok ? [parsed.record] : []));
  expect(firstRecord(records, 'closing')?.nonce).toBe(nonce);
  return records;
}

describe('the guest', () => {
  it('refuses every bad word of a trial, and closes it', async () => {
    const bad = ['recipe=race', 'pin=2', 'seed=x', 'seed=', 'yield-after=0', 'ms=-1', 'end=now'];
    const records = await told(
      (nonce) => `trial ${bad.join(' ')} kind=window suspect=dm_mod nonce=${nonce}`,
    );
    expect(recordsOf(records, 'failed').map((record) => record.message)).toEqual([
      ...bad,
      'kind=window',
    ]);
    expect(firstRecord(records, 'trial')).toBeUndefined();
  });

  it('lets the holder of a sweep run after the unload when it is told `after`', async () => {
    const records = await told(
      (nonce) =>
        `trial recipe=sweep suspect=dm_mod nonce=${nonce} seed=7 scenario=release yield-after=after`,
    );
    expect(recordsOf(records, 'failed')).toEqual([]);
    // What the word stands for in evidence since before there was the word.
    expect(firstRecord(records, 'spun')).toMatchObject({ yieldAfter: 1_000_000, gaveUp: 0 });
    expect(firstRecord(records, 'unload')).toMatchObject({ error: 0, holderReturned: 0 });
  });
});
