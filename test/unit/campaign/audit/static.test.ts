// SPDX-License-Identifier: MIT
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditStatic } from '../../../../harness/campaign/audit/static.js';
import { type WrittenModule, writeElf, writeModule } from '../../../support/ko.js';
import { testWork } from '../../../support/work.js';

const folder = mkdtempSync(path.join(tmpdir(), 'dmrace-static-'));
const image = path.join(folder, 'vmlinux');
const modules = path.join(folder, 'modules');
const sample: WrittenModule = {
  functions: { sample_release: 'kobject' },
  variables: [{ name: 'sample_ktype', size: 48, points: { 0: 'sample_release' } }],
  imports: ['call_rcu'],
};

beforeAll(() => {
  const { ko, base } = writeModule(sample);
  const banner = Buffer.from('Linux version 6.12.0-test (builder@host)\0');
  mkdirSync(modules);
  writeFileSync(
    image,
    writeElf({
      type: 2,
      sections: [
        { name: '.rodata', type: 1, flags: 2, content: banner },
        { name: '.BTF', type: 1, flags: 2, content: base },
      ],
    }),
  );
  writeFileSync(path.join(modules, 'sample.ko'), ko);
  writeFileSync(
    path.join(modules, 'other-kernel.ko'),
    writeModule({ ...sample, release: '6.1' }).ko,
  );
  writeFileSync(path.join(modules, 'text.ko'), 'no module');
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe('auditStatic', () => {
  it('reads every module, and lists what it could not read', async () => {
    const audit = await auditStatic(await testWork(), { modules, image });
    expect(audit).toMatchObject({ release: '6.12.0-test', weak: null, missing: [] });
    expect(audit.modules.map(({ file, signs }) => [file, signs.map(({ word }) => word)])).toEqual([
      ['sample.ko', ['listed', 'hint']],
    ]);
    expect(audit.unread).toEqual([
      { file: 'other-kernel.ko', why: 'is a module of 6.1, not of 6.12.0-test' },
      { file: 'text.ko', why: 'is no ELF file' },
    ]);
  });

  it('reads only what is wanted, and says what is not there', async () => {
    const audit = await auditStatic(await testWork(), {
      modules,
      image,
      only: ['other-kernel', 'nowhere'],
    });
    expect(audit.modules).toEqual([]);
    expect(audit.unread.map(({ file }) => file)).toEqual(['other-kernel.ko']);
    expect(audit.missing).toEqual(['nowhere']);
  });

  it('reads a file that lies elsewhere instead of the kernel’s of that name', async () => {
    const own = path.join(modules, 'other-kernel.ko');
    const audit = await auditStatic(await testWork(), {
      modules,
      image,
      only: ['other_kernel', 'elsewhere'],
      own: [own],
    });
    expect(audit.unread).toHaveLength(1);
    expect(audit.missing).toEqual(['elsewhere']);
  });

  it('says why everything is a hint without an image', async () => {
    const audit = await auditStatic(await testWork(), { modules, image: null });
    expect(audit.weak).toBe('no image was given');
    expect(audit.modules.flatMap(({ signs }) => signs.map(({ word }) => word))).not.toContain(
      'listed',
    );
  });
});
