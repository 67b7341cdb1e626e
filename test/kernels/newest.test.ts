// SPDX-License-Identifier: MIT
// A kernel that fills the text of unloaded modules with breakpoints and panics at one (x86-64 since
// v6.15): what the planted control shows there has to be seen, and told before the panic.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fetchSource } from '../../harness/kernel/sources.js';
import { assets } from '../../harness/util/assets.js';
import { dmrace } from '../support/command.js';
import { BUILD_TIMEOUT_MS, noKernelBuilds } from '../support/kernel/built.js';
import { testWork } from '../support/work.js';

const why = await noKernelBuilds();
const CURE = assets('docs/cures/7.3/2-remember-the-method.patch');

const Compared = z.looseObject({
  verdict: z.string(),
  before: z.looseObject({
    trials: z.array(
      z.looseObject({ placement: z.string(), outcome: z.string(), reached: z.boolean() }),
    ),
  }),
});

describe.skipIf(why !== '')(`the newest kernel${why && ` (skipped: ${why})`}`, () => {
  let source: string;
  let work: string;
  beforeAll(async () => {
    source = await fetchSource(await testWork(), 'debian:trixie-backports');
    work = await mkdtemp(path.join(tmpdir(), 'dmrace-newest-'));
  }, BUILD_TIMEOUT_MS);
  afterAll(() => rm(work, { recursive: true, force: true }));

  it(
    'has a cure of the second bug shown by delayed releases, with a control that crashed',
    async () => {
      const { stdout, stderr, exitCode } = await dmrace([
        ...['run', '--kernel', `src:${source}`, '--profile', 'base,debug-kobject-release'],
        ...['--scenario', 'delayed-release', '--compare', '--patch', CURE],
        ...['--trials', '3', '--jobs', '2', '--accel', 'tcg'],
        ...['--format', 'json', '--out', path.join(work, 'run')],
      ]);
      expect(exitCode, stderr + stdout).toBe(0);
      const { verdict, before } = Compared.parse(JSON.parse(stdout));
      expect(verdict).toBe('closed');
      const control = before.trials.filter(({ placement }) => placement === 'planted');
      expect(control.some(({ outcome, reached }) => outcome === 'crashed' && reached)).toBe(true);
    },
    BUILD_TIMEOUT_MS,
  );
});
