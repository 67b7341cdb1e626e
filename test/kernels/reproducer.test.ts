// SPDX-License-Identifier: MIT
// The reproducer of delayed-release needs a kernel with CONFIG_DEBUG_KOBJECT_RELEASE, and nothing else.
import { beforeAll, describe, expect, it } from 'vitest';
import { scanConsole } from '../../harness/console/index.js';
import { dmReproducer } from '../../harness/reproducer/dm.js';
import { reproducerOf } from '../../harness/reproducer/write.js';
import { readSavedRun } from '../../harness/runs/saved-run.js';
import { assets } from '../../harness/util/assets.js';
import {
  BUILD_TIMEOUT_MS,
  type BuiltKernel,
  builtKernel,
  noKernelBuilds,
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
});
