// SPDX-License-Identifier: MIT
import { Command } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Resumed } from '../../../harness/campaign/resume.js';
import { patchOption, RunOptions } from '../../../harness/cli/options.js';
import { resumedOptions, runRequest } from '../../../harness/cli/request.js';
import { RunNote } from '../../../harness/runs/run-note.js';
import { sameRun } from '../../../harness/runs/same-run.js';

const note = (more: Partial<RunNote> = {}, kernel: Partial<RunNote['kernel']> = {}): RunNote =>
  RunNote.parse({
    schema: 2,
    dmrace: '0.2.0',
    startedAt: '2026-11-28T00:00:00Z',
    scenario: 'release',
    trials: 1,
    placements: ['builtin'],
    kernel: {
      spec: 'src:/linux',
      release: '6.1.0',
      arch: 'x86_64',
      preempt: 'PREEMPT',
      configSha256: '00',
      version: '6.1',
      ...kernel,
    },
    accel: 'tcg',
    codes: {},
    ...more,
  });

afterEach(() => void vi.unstubAllEnvs());

describe('--patch', () => {
  const parsed = (...argv: string[]) =>
    new Command().addOption(patchOption()).parse(argv, { from: 'user' }).opts();

  it('is repeated, and DMRACE_PATCH names one', () => {
    expect(parsed('--patch', 'a', '--patch', 'b')).toEqual({ patch: ['a', 'b'] });
    vi.stubEnv('DMRACE_PATCH', 'c');
    expect(parsed()).toEqual({ patch: ['c'] });
  });

  it('a word or a list in dmrace.config.json', () => {
    expect(RunOptions.parse({ patch: 'a' }).patch).toEqual(['a']);
    expect(RunOptions.parse({ patch: ['a', 'b'] }).patch).toEqual(['a', 'b']);
    expect(RunOptions.safeParse({ patch: 1 }).success).toBe(false);
  });

  it('goes with any kernel', async () => {
    for (const kernel of ['debian', 'src:/linux']) {
      const request = await runRequest(RunOptions.parse({ kernel, patch: ['x.mbx'] }), null);
      expect(request.build?.patches).toEqual(['x.mbx']);
    }
    expect((await runRequest(RunOptions.parse({}), null)).build).not.toHaveProperty('patches');
  });
});

describe('a resumed run with patches', () => {
  const resumed = { note: note({ patch: ['/p/x.mbx'] }) } as Resumed;
  const resume = (given: Partial<RunOptions>): RunOptions =>
    resumedOptions(
      {
        options: RunOptions.parse(given),
        given: new Set(Object.keys(given) as (keyof RunOptions)[]),
      },
      resumed,
    );

  it('has its own', () => expect(resume({}).patch).toEqual(['/p/x.mbx']));
  it('takes the same again', () =>
    expect(resume({ patch: ['/p/x.mbx'] }).patch).toEqual(['/p/x.mbx']));
  it('refuses others', () =>
    expect(() => resume({ patch: ['/p/y.mbx'] })).toThrowError(/the run has \/p\/x\.mbx/));

  it('must find the same content in them', () => {
    const patches = (sha256: string) => ({ patches: [{ file: 'x', subject: null, sha256 }] });
    expect(() => sameRun(note({}, patches('1')), note({}, patches('1')))).not.toThrow();
    expect(() => sameRun(note({}, patches('1')), note({}, patches('2')))).toThrowError(
      /patches of the kernel was/,
    );
    expect(() => sameRun(note({}, patches('1')), note())).toThrowError(/patches of the kernel/);
  });
});
