// SPDX-License-Identifier: MIT
// What `dmrace audit` asks by its options, anew and when it is resumed.
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AuditPlace } from '../../../harness/campaign/audit/place.js';
import { AuditOptions } from '../../../harness/cli/audit-options.js';
import { auditRequest } from '../../../harness/cli/audit-request.js';
import { resumedAuditRequest } from '../../../harness/cli/audit-resume.js';
import { AuditNote } from '../../../harness/runs/audit/note.js';
import { sameAudit } from '../../../harness/runs/audit/same-audit.js';
import { KERNEL } from '../../support/audit.js';

const asked = (options: object, ...modules: string[]) =>
  auditRequest(AuditOptions.parse(options), modules);

describe('the kernel of an audit', () => {
  it.each([
    [{}, { profiles: [], config: null }],
    [{ profile: 'base,kasan' }, { profiles: ['base', 'kasan'], config: null }],
    [{ config: 'x.config' }, { profiles: [], config: 'x.config', allModules: true }],
    [
      { config: 'x.config', profile: 'debug-kobject-release' },
      { profiles: ['debug-kobject-release'], config: 'x.config', allModules: true },
    ],
    [{ patch: ['a', 'b'] }, { profiles: [], config: null, patches: ['a', 'b'] }],
  ])('of a tree with %j is built with %j', async (options, build) => {
    const request = await asked({ kernel: 'src:/linux', ...options });
    expect(request.build).toEqual(build);
  });

  it('is remembered as it was asked for, files by their whole paths', async () => {
    const options = { kernel: 'src:.', profile: 'base', config: 'x', patch: ['y'] };
    const whole = { config: path.resolve('x'), patch: [path.resolve('y')] };
    expect(await asked(options)).toMatchObject({ profile: 'base', ...whole });
    const plain = await asked({ kernel: 'debian' });
    for (const name of ['profile', 'config', 'patch']) expect(plain).not.toHaveProperty(name);
  });

  it('that is not built here has no profile and no configuration', async () => {
    await expect(asked({ kernel: 'debian', profile: 'base' })).rejects.toThrowError(/--profile/);
    await expect(asked({ kernel: 'debian', config: 'x' })).rejects.toThrowError(/--config/);
  });
});

const note = (more: Partial<AuditNote> = {}): AuditNote =>
  AuditNote.parse({
    schema: 1,
    id: 'a',
    dmrace: '0.2.0',
    startedAt: '2026-11-28T00:00:00Z',
    kernel: { ...KERNEL, spec: 'src:/linux' },
    config: '/x.config',
    patch: ['/y.mbx'],
    static: true,
    live: true,
    named: ['tun', 'foo'],
    all: false,
    exercises: [],
    modules: [],
    plan: [],
    known: null,
    baseline: null,
    patience: 2,
    ...more,
  });

const resumed = (given: object, modules: string[] = [], of: Partial<AuditNote> = {}) =>
  resumedAuditRequest(
    { options: AuditOptions.parse(given), given: new Set(Object.keys(given)), modules },
    { note: note(of) } as NonNullable<AuditPlace['resumed']>,
  );

describe('an audit that goes on', () => {
  it('has its own kernel, modules and parts', async () => {
    expect(await resumed({ jobs: 3 })).toMatchObject({
      kernel: 'src:/linux',
      build: { profiles: [], config: '/x.config', allModules: true, patches: ['/y.mbx'] },
      config: '/x.config',
      patch: ['/y.mbx'],
      modules: ['tun', 'foo'],
      static: true,
      live: true,
      jobs: 3,
      patience: 2,
    });
  });

  it('takes what it was given at first again', async () => {
    const same = { kernel: 'src:/linux', config: '/x.config', patch: ['/y.mbx'], arch: 'x86_64' };
    expect(await resumed(same, ['foo', 'tun'])).toEqual(await resumed({}));
    await expect(resumed({ live: true }, [], { static: false, live: true })).resolves.toMatchObject(
      { live: true },
    );
    await expect(resumed({}, ['tun'], { modules: ['/foo.ko'] })).resolves.toBeDefined();
  });

  it.each([
    [{ kernel: 'debian' }, [], '--kernel with --resume asks for debian, and the audit has src:'],
    [{ profile: 'base' }, [], '--profile with --resume asks for base, and the audit has (none)'],
    [{ patch: ['/z.mbx'] }, [], '--patch with --resume asks for /z.mbx, and the audit has /y.mbx'],
    [{ live: true }, [], '--live with --resume asks for --live, and the audit has both parts'],
    [{ all: true }, [], '--all with --resume'],
    [{ out: 'x' }, [], '--out cannot be given with --resume'],
    [{ shard: '1/2' }, [], '--shard cannot be given with --resume'],
    [{}, ['brd'], 'brd with --resume: the audit has modules of its own: tun, foo'],
    [{}, ['tun'], 'tun with --resume: the audit has modules of its own: tun, foo'],
  ])('refuses %j %j', async (given, modules, words) => {
    await expect(resumed(given, modules)).rejects.toMatchObject({
      code: 'usage',
      facts: { observed: expect.stringContaining(words) },
    });
  });

  it('must find the same kernel, with the same patches', () => {
    const patched = (sha256: string): AuditNote =>
      note({ kernel: { ...KERNEL, patches: [{ file: 'y', subject: null, sha256 }] } });
    expect(() => sameAudit(patched('1'), patched('1'))).not.toThrow();
    expect(() => sameAudit(patched('1'), patched('2'))).toThrowError(/patches of the kernel/);
  });
});
