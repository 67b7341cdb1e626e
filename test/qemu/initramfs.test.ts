// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { buildInitramfs, guestParts } from '../../harness/initramfs/build.js';
import { prepareKernel } from '../../harness/kernel/prepare.js';
import { guestSetUp } from '../../harness/scenarios/index.js';
import { release } from '../../harness/scenarios/release.js';
import { DM_MOD_BUILD } from '../../harness/suspects/dm_mod/build.js';
import { Cache } from '../../harness/util/cache.js';
import { runTool } from '../../harness/util/command.js';
import { testWork } from '../support/work.js';

const work = await mkdtemp(path.join(tmpdir(), 'dmrace-test-'));
afterAll(() => rm(work, { recursive: true, force: true }));

describe('the initramfs', () => {
  it('is the same, byte for byte, when everything is built again in another place', async () => {
    const here = await testWork();
    const request = {
      kernel: await prepareKernel(here, 'debian', { suspect: DM_MOD_BUILD }),
      placement: 'builtin' as const,
      setUp: guestSetUp(release),
      suspect: { name: 'dm_mod', object: 'dm-mod.ko' },
    };
    const first = await buildInitramfs(here, { ...request, guest: await guestParts(here) });
    const elsewhere = { ...here, cache: new Cache(path.join(work, 'other')) };
    const second = await buildInitramfs(elsewhere, {
      ...request,
      guest: await guestParts(elsewhere),
    });
    const sum = async (file: string): Promise<string> =>
      createHash('sha256')
        .update(await readFile(file))
        .digest('hex');
    expect(second).not.toBe(first);
    expect(await sum(second)).toBe(await sum(first));
  });

  it('holds the distribution’s own dm-mod.ko as the subject, and objects agree on the placement', async () => {
    const kernel = await prepareKernel(await testWork(), 'debian', { suspect: DM_MOD_BUILD });
    const subject = await runTool('nm', [kernel.objects.builtin]);
    const control = await runTool('nm', [kernel.objects['in-module'] ?? '']);
    expect(subject).toMatch(/^\s+U dm_kobject_release$/m);
    expect(control).toMatch(/^[0-9a-f]+ [tT] dm_kobject_release$/m);
  });
});
