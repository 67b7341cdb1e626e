// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { differencesOf, judgeReplay, sideOf } from '../../../harness/judge/replay.js';
import type { KernelIdentity } from '../../../harness/model/kernel-identity.js';
import type { Side } from '../../../harness/model/replay.js';
import { crashedControl, finding, result } from './support.js';

const KERNEL: KernelIdentity = {
  spec: 'debian',
  release: '6.1.0',
  arch: 'x86_64',
  preempt: 'PREEMPT',
  configSha256: '00',
  version: '6.1',
};
const HASHES = { console: 'c1', trace: 't1', records: 'r1' };
const survived = sideOf(result({ hashes: HASHES }));
const crashed = sideOf(crashedControl());
const replay = (recorded: Side, now: Side, compared: 'bytes' | 'outcome', damage: string[] = []) =>
  judgeReplay(
    [{ trial: 'builtin-0', records: [{ from: 'its files', side: recorded }], damage, now }],
    compared,
    KERNEL,
    [],
  );

describe('differences of a replayed trial', () => {
  it('are none when every byte is the same', () => {
    expect(differencesOf(survived, survived, 'bytes')).toEqual([]);
  });

  it.each(['console', 'trace', 'records'] as const)('name the %s whose hash is another', (what) => {
    const now = { ...survived, hashes: { ...HASHES, [what]: 'x' } };
    expect(differencesOf(survived, now, 'bytes')).toEqual([
      { what, recorded: HASHES[what], now: 'x' },
    ]);
    // Elsewhere times and addresses are the host's: bytes are not asked about.
    expect(differencesOf(survived, now, 'outcome')).toEqual([]);
  });

  it('count a hash that was not recorded: nothing shows that it is the same', () => {
    const none = { ...survived, hashes: null };
    expect(differencesOf(none, none, 'bytes').map(({ what }) => what)).toEqual([
      'console',
      'trace',
      'records',
    ]);
  });

  it('are outcome, window, cause and function of the crashes', () => {
    expect(differencesOf(survived, crashed, 'outcome')).toEqual([
      { what: 'outcome', recorded: 'survived', now: 'crashed' },
      { what: 'cause', recorded: 'none', now: 'release-in-unloaded-text' },
      { what: 'function', recorded: 'none', now: 'unnamed' },
    ]);
    const elsewhere = { ...finding('release-in-unloaded-text'), function: 'f' };
    const named = sideOf(result({ ...crashedControl(), findings: [elsewhere], reached: false }));
    expect(differencesOf(crashed, named, 'outcome').map(({ what }) => what)).toEqual([
      'reached',
      'function',
    ]);
  });
});

describe('the answer of a replay', () => {
  it('is 0 when identical and 1 when not', () => {
    expect(replay(survived, survived, 'bytes')).toMatchObject({ identical: true, exitCode: 0 });
    expect(replay(survived, crashed, 'outcome')).toMatchObject({ identical: false, exitCode: 1 });
  });

  it('is 125 when a trial is lost now: that is no answer', () => {
    const lost = sideOf(result({ outcome: 'lost', reached: false }));
    expect(replay(survived, lost, 'outcome')).toMatchObject({ identical: false, exitCode: 125 });
    expect(replay(lost, lost, 'outcome')).toMatchObject({ identical: true, exitCode: 0 });
  });

  it('is not identical when the record is damaged', () => {
    const answer = replay(survived, survived, 'bytes', ['console.log was changed']);
    expect(answer).toMatchObject({ identical: false, exitCode: 1 });
    expect(answer.trials[0]?.differences[0]?.recorded).toBe('console.log was changed');
  });

  it('is not identical when one of several records says otherwise, and names it', () => {
    const forged = { ...survived, hashes: { ...HASHES, trace: 'forged' } };
    const records = [
      { from: 'trials.jsonl', side: forged },
      { from: 'its files', side: survived },
    ];
    const input = { trial: 'builtin-0', records, damage: [], now: survived };
    expect(judgeReplay([input], 'bytes', KERNEL, []).trials[0]?.differences).toEqual([
      { what: 'trace', recorded: 'forged (trials.jsonl)', now: 't1' },
    ]);
  });
});
