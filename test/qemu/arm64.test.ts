// SPDX-License-Identifier: MIT
// The second seed's architecture, through the command line: an arm64 guest on this host.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { dmrace } from '../support/command.js';
import { debug, without } from '../support/gdb.js';

const Output = z.looseObject({
  verdict: z.string(),
  kernel: z.looseObject({ arch: z.string(), preempt: z.string() }),
  placements: z.record(
    z.string(),
    z.looseObject({ reached: z.number(), crashed: z.number(), tailCall: z.boolean().nullable() }),
  ),
  trials: z.array(
    z.looseObject({
      placement: z.string(),
      findings: z.array(z.looseObject({ cause: z.string(), resolved: z.string().optional() })),
      provenance: z.looseObject({ returnsTo: z.string().nullable() }).nullable(),
    }),
  ),
});

// .ci/run sets REQUIRE_ARM64, and `npm test` installs what doctor names; elsewhere the reason is shown.
const doctor = await dmrace(['doctor', '--arch', 'arm64']);
const absent = doctor.exitCode === 0 ? '' : doctor.stderr.trim().split('\n').at(-1);
const skipped = absent !== '' && process.env.REQUIRE_ARM64 !== '1';
const noGdb = await without('gdb-multiarch');

describe.skipIf(skipped)(`arm64${skipped ? ` (skipped: ${absent})` : ''}`, () => {
  let work: string;
  beforeAll(async () => {
    work = await mkdtemp(path.join(tmpdir(), 'dmrace-test-'));
  });
  afterAll(() => rm(work, { recursive: true, force: true }));

  // On PREEMPT_RT a thread tells the gate of a block; it has to be before the one that is waited for.
  it('a sweep hits every point on the rt kernel', async () => {
    const result = await dmrace([
      ...['sweep', '--arch', 'arm64', '--format', 'json', '--out', path.join(work, 'sweep')],
    ]);
    expect(result.exitCode, result.stdout + result.stderr).toBe(0);
    expect(JSON.parse(result.stdout)).toMatchObject({ verdict: 'closed' });
  });

  it('release is closed on the rt kernel; the crash is at the return address, from a restored VM', async () => {
    const out = path.join(work, 'release');
    const result = await dmrace([
      'run',
      '--arch',
      'arm64',
      '--trials',
      '1',
      '--format',
      'json',
      '--out',
      out,
    ]);
    expect(result.exitCode, result.stderr).toBe(0);
    const output = Output.parse(JSON.parse(result.stdout));
    expect(output).toMatchObject({
      verdict: 'closed',
      kernel: { arch: 'arm64', preempt: 'PREEMPT_RT' },
      placements: {
        builtin: { reached: 1, crashed: 0, tailCall: false },
        'in-module': { reached: 1, crashed: 1, tailCall: false },
      },
    });
    const control = output.trials.find((trial) => trial.placement === 'in-module');
    expect(control?.findings.map((finding) => finding.cause)).toEqual(['release-in-unloaded-text']);
    const address = control?.findings[0]?.resolved?.replace(/ \[.*/, '');
    expect(address).toMatch(/^dm_kobject_release\+0x[0-9a-f]+$/);
    expect(control?.provenance?.returnsTo).toBe(`${address} [dm_mod]`);
    const note = await readFile(path.join(out, 'in-module-0', 'trial.json'), 'utf8');
    expect(JSON.parse(note)).toMatchObject({ start: 'restored' });
  });

  it.skipIf(noGdb !== '')(`gdb-multiarch stands at the crash ${noGdb}`, async () => {
    const { gdb, debuggerName, stdout, exitCode } = await debug(
      path.join(work, 'release'),
      path.join(work, 'debugged'),
      [],
      ['info registers pc x30', 'info symbol $pc', 'x/i $pc', 'detach'],
    );
    expect(debuggerName).toBe(process.arch === 'arm64' ? 'gdb' : 'gdb-multiarch');
    expect(gdb).toMatch(/^pc +0x[0-9a-f]+ +0x[0-9a-f]+ <dm_kobject_release\+\d+>$/m);
    expect(gdb).toMatch(/dm_kobject_release \+ \d+ in section \.text of .*dm-mod/);
    expect(gdb).toMatch(/Cannot access memory at address/); // the module is gone
    expect(stdout).toMatch(/^in-module-0: it ended as crashed$/m);
    expect(exitCode).toBe(0);
  });

  it('a kernel that cannot show step 7 is refused before it boots, with the flavour to use', async () => {
    const result = await dmrace([
      'run',
      '--arch',
      'arm64',
      '--kernel',
      'debian/cloud-arm64',
      '--out',
      path.join(work, 'no'),
    ]);
    expect(result.exitCode).toBe(125);
    expect(result.stderr).toContain('neither PREEMPT nor PREEMPT_DYNAMIC nor PREEMPT_RT');
    expect(result.stderr).toContain('--kernel debian/rt-arm64');
  });
});
