// SPDX-License-Identifier: MIT
// The oldest kernel that Debian has sources of, 5.10 (bullseye), with `base`: closed and open as on
// new ones, and the load holds the CPU until the module is gone. Its removal waits for the rescuer of
// dm's workqueue (kdmflush), a kernel thread that is born with the device.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fetchSource } from '../../harness/kernel/sources.js';
import { ARCH } from '../../harness/model/arch/index.js';
import { ARCHES } from '../../harness/model/kernel.js';
import { missingTools } from '../../harness/util/host-tools.js';
import { KERNEL_REQUIREMENTS } from '../../harness/util/requirements.js';
import { dmrace } from '../support/command.js';
import { BUILD_TIMEOUT_MS } from '../support/kernel/built.js';
import { testWork } from '../support/work.js';

const Output = z.looseObject({
  verdict: z.string(),
  kernel: z.looseObject({ release: z.string() }),
});
const Spun = z.looseObject({ kind: z.literal('spun'), gaveUp: z.number() });

describe.each(ARCHES)('5.10 on %s', (name) => {
  const arch = ARCH[name];
  let folder: string;
  let source: string;
  let missing: string[];
  beforeAll(async () => {
    missing = (await missingTools(arch, KERNEL_REQUIREMENTS)).map((tool) => tool.needs);
    folder = await mkdtemp(path.join(tmpdir(), 'dmrace-old-'));
    source = await fetchSource(await testWork(), 'debian:5.10');
  }, BUILD_TIMEOUT_MS);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each([
    ['release', 'closed', 0],
    ['disk-release', 'closed', 0],
  ])(
    'scenario %s is %s',
    async (scenario, verdict, exitCode) => {
      expect(missing).toEqual([]);
      const out = path.join(folder, scenario);
      const result = await dmrace([
        ...['run', '--arch', name, '--kernel', `src:${source}`, '--profile', 'base'],
        ...['--scenario', scenario, '--trials', '2', '--format', 'json', '--out', out],
      ]);
      expect(result.exitCode, result.stderr).toBe(exitCode);
      const output = Output.parse(JSON.parse(result.stdout));
      expect(output).toMatchObject({ verdict });
      expect(output.kernel.release).toMatch(/^5\.10\./);
      const records = await readFile(path.join(out, 'builtin-0', 'records.jsonl'), 'utf8');
      const spun = records.split('\n').flatMap((line) => {
        const record = line === '' ? null : Spun.safeParse(JSON.parse(line));
        return record?.success ? [record.data.gaveUp] : [];
      });
      expect(spun).toEqual([0]);
    },
    BUILD_TIMEOUT_MS,
  );
});
