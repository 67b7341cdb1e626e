// SPDX-License-Identifier: MIT
// The reproducer of a finding of the audit, on the untouched kernel with Debian's own programs.

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { scanConsole } from '../../harness/console/index.js';
import { prepareAuditKernel } from '../../harness/kernel/audit.js';
import { findingReproducer } from '../../harness/reproducer/audit.js';
import { reproducerOf } from '../../harness/reproducer/write.js';
import { auditDisks } from '../../harness/rig/audit-disk.js';
import { readSavedAudit } from '../../harness/runs/audit/saved-audit.js';
import { assets } from '../../harness/util/assets.js';
import { tryReproducer } from '../support/reproducer.js';
import { testWork } from '../support/work.js';

it('of tun’s callback shows its report, untainted', async () => {
  const { result, folder } = await readSavedAudit(assets('test/fixtures/audits/live-6.12'));
  const finding = result.findings.find(({ id }) => id === 'rcu-callback:tun:tun_prog_free');
  if (!finding) throw new Error('the fixture has no finding of tun');
  const guest = readFileSync(assets('vm/audit/tools/Guest.pm'), 'utf8');
  const reproducer = reproducerOf(
    findingReproducer({
      finding,
      kernel: result.kernel,
      exercises: await folder.readExercises(),
      scripts: new Map([['Guest.pm', guest]]),
      dmrace: 'test',
    }),
  );
  const work = await testWork();
  const kernel = await prepareAuditKernel(work, {
    spec: 'debian:6.12',
    build: { profiles: [], config: null },
  });
  const { release } = kernel.identity;
  const { disks } = await auditDisks(work, { release, modules: kernel.modules, extra: [] });
  const tried = await tryReproducer(
    reproducer,
    {
      arch: kernel.arch,
      image: kernel.image,
      release,
      modules: kernel.portModules,
      headers: '',
      disks,
    },
    20,
  );
  const [crash] = scanConsole(tried.console);
  expect(crash?.instructionFetch, tried.console.slice(-4000)).toBe(true);
  expect(crash?.taint).toBe('');
  expect(tried.console).toMatch(/rcu_do_batch/);
}, 600_000);
