// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { withAuditable } from '../../../harness/kernel/auditable.js';
import { fragmentsOf } from '../../../harness/kernel/configure.js';
import { ARCH } from '../../../harness/model/arch/index.js';
import { mergeFragments, parseFragment } from '../../../harness/model/fragment.js';
import { testWork } from '../../support/work.js';

const folder = mkdtempSync(path.join(tmpdir(), 'dmrace-auditable-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a kernel that is to be audited', () => {
  const patch = path.join(folder, 'x.diff');
  writeFileSync(patch, '--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n');
  const nobody = (): Promise<never> => Promise.reject(new Error('it was used'));

  it.each([
    ['debian:6.12', '--kernel src:$(dmrace kernel fetch --source debian:6.12)'],
    ['image:/i,modules=/m,build=/b', '--kernel src:TREE'],
  ])(
    'and is booted as it is (%s) takes no patch, before anything is fetched',
    async (spec, how) => {
      const build = { profiles: [], config: null, patches: [patch] };
      await expect(withAuditable(await testWork(), { spec, build }, nobody)).rejects.toMatchObject({
        code: 'usage',
        facts: { action: expect.stringContaining(how) },
      });
    },
  );

  it('has what its guests need whatever the profile leaves out', async () => {
    const request = { profiles: ['base'], config: null } as const;
    const texts = await fragmentsOf(request, ARCH.x86_64, 'audit');
    const merged = mergeFragments(texts.map(parseFragment));
    const of = (name: string) => merged.find((option) => option.name === name);
    for (const name of ['EXT4_FS', 'VIRTIO_BLK', 'TMPFS', 'KPROBES']) {
      expect(of(name), name).toMatchObject({ value: 'y', required: true });
    }
    expect(of('NET')).toMatchObject({ value: 'n' });
    expect(of('BLK_DEV_DM')).toBeUndefined();
  });
});
