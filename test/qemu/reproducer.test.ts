// SPDX-License-Identifier: MIT
// What dmrace hands out is built and run as its README says, on a kernel without anything of ours.
import path from 'node:path';
import { expect, it } from 'vitest';
import { scanConsole } from '../../harness/console/index.js';
import { prepareKernel } from '../../harness/kernel/prepare.js';
import { dmReproducer } from '../../harness/reproducer/dm.js';
import { reproducerOf } from '../../harness/reproducer/write.js';
import { readSavedRun } from '../../harness/runs/saved-run.js';
import { DM_MOD_BUILD } from '../../harness/suspects/dm_mod/build.js';
import { tryReproducer } from '../support/reproducer.js';
import { RUNS } from '../support/runs.js';
import { testWork } from '../support/work.js';

/** The stock kernel of the suite, its own dm_mod, and the headers that the helper was built against. */
async function stockKernel() {
  const work = await testWork();
  const kernel = await prepareKernel(work, 'debian', { suspect: DM_MOD_BUILD });
  const { release, version } = kernel.identity;
  return {
    arch: kernel.arch,
    image: kernel.image,
    release,
    modules: [...kernel.portModules, kernel.objects.builtin],
    headers: path.join(
      work.cache.root,
      'headers',
      `${release}_${version.replace('Debian ', '')}`,
      'usr/src',
      `linux-headers-${release}`,
    ),
  };
}

it('of an open disk-release run shows its report on the stock kernel', async () => {
  const { result } = await readSavedRun(RUNS['disk-release']);
  const reproducer = reproducerOf(dmReproducer(result, 'test'));
  const { console, exitCode } = await tryReproducer(reproducer, await stockKernel(), 1);
  const [finding] = scanConsole(console);
  expect(finding?.title, console.slice(-3000)).toBe(
    'BUG: unable to handle kernel paging request in disk_release',
  );
  expect(console).toContain('reproduce: try 1 crashed; see dmesg');
  expect(exitCode).toBe(0);
}, 600_000);

it('does not show it where nobody holds a reference', async () => {
  const { result } = await readSavedRun(RUNS['disk-release']);
  const reproducer = reproducerOf({ ...dmReproducer(result, 'test'), hold: null });
  const { console, exitCode } = await tryReproducer(reproducer, await stockKernel(), 2);
  expect(scanConsole(console), console.slice(-3000)).toEqual([]);
  expect(console).toContain('reproduce: no crash in 2 tries');
  expect(exitCode).toBe(1);
}, 600_000);
