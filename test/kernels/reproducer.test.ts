// SPDX-License-Identifier: MIT
// The reproducer of delayed-release needs a kernel with CONFIG_DEBUG_KOBJECT_RELEASE, and nothing else.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { scanConsole } from '../../harness/console/index.js';
import { dmReproducer } from '../../harness/reproducer/dm.js';
import { reproducerOf } from '../../harness/reproducer/write.js';
import { readSavedRun } from '../../harness/runs/saved-run.js';
import { assets } from '../../harness/util/assets.js';
import { dmrace } from '../support/command.js';
import {
  BUILD_TIMEOUT_MS,
  type BuiltKernel,
  builtKernel,
  noKernelBuilds,
  withTree,
} from '../support/kernel/built.js';
import { tryReproducer } from '../support/reproducer.js';

const why = await noKernelBuilds();

describe.skipIf(why !== '')(`delayed-release${why === '' ? '' : ` (skipped: ${why})`}`, () => {
  let built: BuiltKernel;
  beforeAll(async () => {
    built = await builtKernel('base,debug-kobject-release');
  }, BUILD_TIMEOUT_MS);

  it('is shown by its reproducer, untainted', async () => {
    const folder = assets('test/fixtures/run-directories/delayed-planted');
    const { result } = await readSavedRun(folder);
    const { kernel } = built;
    const { console, exitCode } = await tryReproducer(
      reproducerOf(dmReproducer(result, 'test')),
      {
        arch: kernel.arch,
        image: kernel.image,
        release: kernel.identity.release,
        modules: [...kernel.portModules, kernel.objects.builtin],
        headers: '',
      },
      40,
    );
    const [finding] = scanConsole(console);
    expect(finding?.title, console.slice(-3000)).toContain('disk_release');
    expect(finding?.taint).toBe('');
    expect(exitCode).toBe(0);
  }, 900_000);

  // The rescuer of a removed device's workqueue ends too, and is no worker that died of the release.
  it('waits for each release, however late it comes', async () => {
    const work = await mkdtemp(path.join(tmpdir(), 'dmrace-delayed-'));
    try {
      const { stdout, stderr } = await withTree((tree) =>
        dmrace([
          ...['run', '--kernel', `src:${tree}`, '--profile', 'base,debug-kobject-release'],
          ...['--scenario', 'delayed-release', '--trials', '1', '--jobs', '1', '--accel', 'tcg'],
          ...['--format', 'json', '--out', path.join(work, 'run')],
        ]),
      );
      const { trials } = z
        .object({ trials: z.array(z.object({ reasons: z.array(z.string()) })) })
        .parse(JSON.parse(stdout));
      expect(trials.length, stderr).toBeGreaterThan(2);
      const reasons = trials.flatMap((trial) => trial.reasons);
      expect(reasons.filter((reason) => reason.includes('was never released'))).toEqual([]);
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }, 900_000);
});
