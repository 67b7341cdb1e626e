// SPDX-License-Identifier: MIT
// Real arm64 trials: the console's framing, the return address in x30, and what the compiler did.
import { describe, expect, it } from 'vitest';
import { judgeTrial } from '../../../harness/judge/trial.js';
import { kept, mutated } from './support.js';

describe('arm64', () => {
  it('builtin survived with all ten steps', () => {
    const result = judgeTrial(kept('arm64-builtin'));
    expect(result).toMatchObject({ outcome: 'survived', reached: true, findings: [], reasons: [] });
    expect(result.steps.map((s) => s.step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(result.provenance).toMatchObject({ symbol: 'dm_kobject_release', module: '' });
  });

  it('in-module crashed at the very address that complete() was to return to', () => {
    const result = judgeTrial(kept('arm64-in-module'));
    expect(result).toMatchObject({ outcome: 'crashed', reached: true, reasons: [] });
    expect(result.findings).toHaveLength(1);
    expect(result.findings[0]).toMatchObject({
      kind: 'page-fault',
      title: 'BUG: unable to handle kernel paging request in dm_kobject_release',
      cause: 'release-in-unloaded-text',
      instructionFetch: true,
      faultAddress: 'ffff800000ca0e6c',
      resolved: 'dm_kobject_release+0x1c [unloaded dm_mod]',
      task: 'dmrace-guest',
      pid: 122,
      state: { is: 'complete' },
    });
    expect(result.provenance).toMatchObject({
      symbol: 'dm_kobject_release',
      module: 'dm_mod',
      returnsTo: 'dm_kobject_release+0x1c [dm_mod]',
    });
  });

  it('disk-release: the read of dm’s operations is told from the race, and named by its section', () => {
    const result = judgeTrial(kept('arm64-disk-release'));
    expect(result).toMatchObject({ outcome: 'crashed', reached: true, reasons: [] });
    expect(result.findings).toHaveLength(1);
    expect(result.findings[0]).toMatchObject({
      kind: 'page-fault',
      function: 'disk_release',
      cause: 'disk-release-fops',
      faultAddress: 'ffff800000ca3920',
      resolvedFault: '.rodata+0x160 [unloaded dm_mod]',
    });
  });

  it('without the record of the unload the same crash proves no cause', () => {
    const files = kept('arm64-in-module');
    const records = mutated(files.records, /^.*"kind":"unload".*\n/m, '');
    expect(judgeTrial({ ...files, records }).findings[0]?.cause).toBe('other');
  });

  it('without the return address on the holder’s stack step 7 is not proven', () => {
    const files = kept('arm64-builtin');
    const step = judgeTrial(files).steps.find((s) => s.step === 6);
    const address = /caller=0x([0-9a-f]{16})/.exec(step?.evidence ?? '')?.[1] ?? 'none';
    const trace = files.trace.replaceAll(`<${address}>`, '<ffff800000000000>');
    expect(trace).not.toBe(files.trace);
    expect(judgeTrial({ ...files, trace })).toMatchObject({ outcome: 'not-reached' });
  });
});
