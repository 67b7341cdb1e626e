// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { judgeReplay, sideOf } from '../../../harness/judge/replay.js';
import { renderReplayJson, renderReplayText } from '../../../harness/report/replay.js';
import { renderText } from '../../../harness/report/text.js';
import { plain, results } from '../../support/runs.js';
import { crashedControl, result } from '../judge/support.js';

const KERNEL = {
  spec: 'debian',
  release: '6.1.0',
  arch: 'x86_64',
  preempt: 'PREEMPT',
  configSha256: '00',
  version: '6.1',
} as const;
const hashes = { console: 'a'.repeat(64), trace: 'b'.repeat(64), records: 'c'.repeat(64) };
const side = sideOf(result({ hashes }));
const records = [{ from: 'its files', side }];

const view = (now = side, compared: 'bytes' | 'outcome' = 'bytes') => ({
  result: judgeReplay(
    [
      { trial: 'builtin-0', records, damage: [], now: side },
      { trial: 'builtin-1', records, damage: [], now },
    ],
    compared,
    KERNEL,
    ['a note'],
  ),
  recorded: '/runs/1',
  directory: '/runs/2',
});

describe('a replay in words', () => {
  it('says how many are identical, with the hashes of both', () => {
    const text = renderReplayText(view(), plain);
    expect(text).toMatch(
      /^identical: 2 of 2 identical \(console, trace and records byte for byte\)/,
    );
    expect(text.match(/aaaaaaaaaaaaaaaa {2}bbbbbbbbbbbbbbbb {2}cccccccccccccccc/g)).toHaveLength(4);
    expect(text).toContain('  - a note');
  });

  it('names what differs', () => {
    const other = { ...side, hashes: { ...hashes, trace: 'd'.repeat(64) } };
    const text = renderReplayText(view(other), plain);
    expect(text).toMatch(/^not identical: 1 of 2 identical/);
    expect(text).toContain(
      `builtin-1: trace was ${'b'.repeat(64)} (its files), now ${'d'.repeat(64)}`,
    );
  });

  it('shows findings where bytes are not compared', () => {
    const text = renderReplayText(view(sideOf(crashedControl()), 'outcome'), plain);
    expect(text).toContain('release-in-unloaded-text in no function');
    expect(text).toContain('builtin-1: outcome was survived (its files), now crashed');
  });

  it('as JSON is one object with everything', () => {
    expect(JSON.parse(renderReplayJson(view()))).toMatchObject({
      schema: 1,
      kind: 'replay',
      identical: true,
      exitCode: 0,
      recorded: '/runs/1',
      trials: [{ trial: 'builtin-0', recorded: { hashes } }, {}],
    });
  });
});

describe('the end screen of a deterministic run', () => {
  const screen = async (differences: { what: string; recorded: string; now: string }[]) => {
    const run = await results.closed?.();
    if (!run) throw new Error('no run');
    const repeats = [{ trial: 'builtin-0', differences }];
    return renderText({ ...run, repeats }, { directory: '/runs/1', manifest: null, paint: plain });
  };

  it('has the hashes and says how many were identical', async () => {
    const text = await screen([]);
    expect(text).toMatch(/^builtin 0 +[0-9a-f]{16} {2}[0-9a-f]{16} {2}[0-9a-f]{16}$/m);
    expect(text).toMatch(/^run again: 1 of 1 identical \(builtin-0\)$/m);
    expect(text).toContain('dmrace replay /runs/1');
  });

  it('names what came out otherwise', async () => {
    const text = await screen([{ what: 'trace', recorded: 'a', now: 'b' }]);
    expect(text).toMatch(/^run again: 0 of 1 identical/m);
    expect(text).toMatch(/^ {2}builtin-0 came out otherwise: trace$/m);
  });
});
