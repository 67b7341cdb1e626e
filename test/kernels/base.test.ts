// SPDX-License-Identifier: MIT
// Profile `base` on the kernel that all tests share: what it asks for is there, and it can run the race.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fragmentsOf } from '../../harness/kernel/configure.js';
import { ARCH } from '../../harness/model/arch/index.js';
import { droppedOptions, mergeFragments, parseFragment } from '../../harness/model/fragment.js';
import { runTrial } from '../../harness/trial/trial.js';
import { dmrace } from '../support/command.js';
import { crashPlan, guestSpec, hostOf } from '../support/guest.js';
import {
  BUILD_TIMEOUT_MS,
  type BuiltKernel,
  builtKernel,
  noKernelBuilds,
  withTree,
} from '../support/kernel/built.js';

const why = await noKernelBuilds();

describe.skipIf(why !== '')(`profile base${why === '' ? '' : ` (skipped: ${why})`}`, () => {
  let work: string;
  let built: BuiltKernel;
  beforeAll(async () => {
    work = await mkdtemp(path.join(tmpdir(), 'dmrace-test-'));
    built = await builtKernel();
  }, BUILD_TIMEOUT_MS);
  afterAll(() => rm(work, { recursive: true, force: true }));

  it('asks for nothing that this tree does not give', async () => {
    const request = { profiles: ['base'], config: null } as const;
    const texts = await fragmentsOf(request, ARCH.x86_64);
    const requested = mergeFragments(texts.map(parseFragment));
    expect(requested.length).toBeGreaterThan(100);
    const dropped = droppedOptions(requested, built.kernel.config);
    expect(dropped.map(({ name, value, got }) => `${name}: ${value}, got ${got}`)).toEqual([]);
  });

  it.each([
    ['release', 'closed', 0],
    ['disk-release', 'open', 1],
  ])('scenario %s is %s', async (scenario, verdict, exitCode) => {
    const out = path.join(work, scenario);
    const result = await withTree((tree) =>
      dmrace([
        ...['run', '--kernel', `src:${tree}`, '--scenario', scenario, '--trials', '1'],
        ...['--format', 'json', '--out', out],
      ]),
    );
    expect(result.exitCode, result.stderr).toBe(exitCode);
    expect(JSON.parse(result.stdout)).toMatchObject({ verdict });
  });

  it('ends QEMU by itself although it has no ACPI', async () => {
    const spec = await guestSpec('builtin', built.kernel);
    const { files } = await runTrial(hostOf(spec), crashPlan('silent'), { deadlineMs: 60_000 });
    expect(built.kernel.config.get('ACPI')).not.toBe('y');
    expect(files.note.end).toMatchObject({ how: 'machine-ended', exitCode: 0 });
  });
});
