// SPDX-License-Identifier: MIT
// A real trial whose kernel panicked in step 10: what was said before counts, and nothing less.
import { describe, expect, it } from 'vitest';
import { judgeTrial } from '../../../harness/judge/trial.js';
import type { TrialEnd, TrialFiles } from '../../../harness/model/trial.js';
import { capture, kept, mutated, withEnd } from './support.js';

const panicked = (): TrialFiles => kept('sid-in-module');

const console = (files: TrialFiles, from: string | RegExp, to: string): TrialFiles => ({
  ...files,
  console: Buffer.from(mutated(Buffer.from(files.console).toString('latin1'), from, to), 'latin1'),
});
const records = (files: TrialFiles, from: string | RegExp, to: string): TrialFiles => ({
  ...files,
  records: mutated(files.records, from, to),
});
const WINDOW = /^.*"kind":"window".*\n/m;
const ended = (end: Partial<Extract<TrialEnd, { how: 'machine-ended' }>>): TrialEnd => ({
  how: 'machine-ended',
  exitCode: 0,
  signal: null,
  stderr: '',
  ...end,
});

describe('a panic in step 10', () => {
  it('is a crash inside the window, with all ten steps and the method named', () => {
    const result = judgeTrial(panicked());
    expect(result).toMatchObject({ outcome: 'crashed', reached: true, reasons: [] });
    expect(result.steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(result.findings).toHaveLength(1);
    expect(result.findings[0]).toMatchObject({
      kind: 'exception',
      title: 'int3 in dm_kobject_release',
      function: 'dm_kobject_release',
      module: 'dm_mod',
      cause: 'release-in-unloaded-text',
      address: 'ffffffffc0415f23',
      resolved: 'dm_kobject_release+0x12 [unloaded dm_mod]',
      task: 'dmrace-guest',
      pid: 128,
    });
    // The trap is at the address that complete() was to return to.
    expect(result.provenance).toMatchObject({ returnsTo: 'dm_kobject_release+0x12 [dm_mod]' });
  });

  it('has step 10 from the console, after step 9 on the trace’s clock', () => {
    const { steps } = judgeTrial(panicked());
    expect(steps[9]?.evidence).toMatch(
      /^\[ +\d+\.\d{6}\] CPU: 0 UID: 0 PID: 128 Comm: dmrace-guest/,
    );
    expect(steps[9]?.atUs).toBeGreaterThan(steps[8]?.atUs ?? Infinity);
    expect((steps[9]?.atUs ?? 0) - (steps[8]?.atUs ?? 0)).toBeLessThan(1_000_000);
  });

  it('lacks step 10 when another task crashed, or when nothing places the console', () => {
    for (const files of [
      console(panicked(), /PID: 128/g, 'PID: 130'),
      ((f: TrialFiles) => {
        const trace = f.trace.replaceAll(/^.*: console: .*\n/gm, '');
        return records({ ...f, trace }, /"traceBytes":\d+/, `"traceBytes":${trace.length}`);
      })(panicked()),
    ]) {
      const result = judgeTrial(files);
      expect(result).toMatchObject({ outcome: 'crashed', reached: true });
      expect(result.steps).toHaveLength(9);
      expect(result.reasons).toEqual(['step 10: the holder never ran again']);
    }
  });
});

/** Takes one thing away; what is left must never count as having reached the window. */
const CRIMES: readonly [string, (files: TrialFiles) => TrialFiles, RegExp][] = [
  ['the window was not reported', (f) => records(f, WINDOW, ''), /^no closing record: QEMU ended/],
  [
    'the report is another trial’s',
    (f) => records(f, /("kind":"window".*"nonce":")[0-9a-f]{32}/, `$1${'0'.repeat(32)}`),
    /^window record with the nonce "0{32}", which is not this trial's$/,
  ],
  [
    'it was reported twice',
    (f) => records(f, WINDOW, `${WINDOW.exec(f.records)?.[0]}$&`),
    /^2 window records where one was due$/,
  ],
  [
    'the trace lacks a byte',
    (f) => ({ ...f, trace: f.trace.slice(0, -1) }),
    /^the trace has \d+ bytes/,
  ],
  ['the trace is gone', (f) => ({ ...f, trace: '' }), /^the trace has 0 bytes/],
  [
    'the trace lost events',
    (f) => records(f, '"traceLost":0', '"traceLost":3'),
    /^the trace lost 3 events$/,
  ],
  [
    'no panic: the machine was reset',
    (f) => console(f, /^.*Kernel panic.*\r?\n/m, ''),
    /^no closing record: QEMU ended by itself \(exit code 0\)$/,
  ],
  [
    'QEMU failed',
    (f) => withEnd(f, ended({ exitCode: 1, stderr: 'out of memory\n' })),
    /^the kernel panicked, but QEMU ended by itself \(exit code 1\): out of memory$/,
  ],
  [
    'QEMU was killed',
    (f) => withEnd(f, ended({ exitCode: null, signal: 'SIGKILL' })),
    /^the kernel panicked, but QEMU ended by itself \(SIGKILL\)$/,
  ],
  [
    'the guest was silent until the deadline',
    (f) => withEnd(f, { how: 'deadline', afterMs: 1, vcpu: 'x' }),
    /^no closing record: the guest was silent/,
  ],
  [
    'the run was interrupted',
    (f) => withEnd(f, { how: 'interrupted' }),
    /^no closing record: the run was interrupted$/,
  ],
  [
    'the unload did not succeed',
    (f) => {
      const trace = mutated(
        f.trace,
        'sys_delete_module -> 0x0',
        'sys_delete_module -> 0xfffffffffffffff5',
      );
      return records({ ...f, trace }, /"traceBytes":\d+/, `"traceBytes":${trace.length}`);
    },
    /^step 9: delete_module did not return 0$/,
  ],
];

describe('a panic proves nothing when', () => {
  it.each(CRIMES)('%s', (_, commit, reason) => {
    const result = judgeTrial(commit(panicked()));
    expect(result.reached).toBe(false);
    expect(result.outcome).toBe('crashed'); // the crash report stands, whatever else is missing
    expect(result.reasons).toContainEqual(expect.stringMatching(reason));
  });
});

describe('the crash is of another cause when', () => {
  it('the guest had not reported that dm_mod was unloaded', () => {
    const [finding] = judgeTrial(
      records(panicked(), '"error":0,"refcount"', '"error":11,"refcount"'),
    ).findings;
    expect(finding?.cause).toBe('other');
  });

  it('the trap was at the first byte behind the method', () => {
    const [finding] = judgeTrial(console(panicked(), /c0415f23/g, 'c0415f28')).findings;
    expect(finding).toMatchObject({
      cause: 'other',
      resolved: expect.not.stringMatching(/^dm_kobject_release/),
    });
  });
});

describe('the two parts of a trace', () => {
  it('add up to what was announced', () => {
    const whole = capture('builtin');
    const half = 20_000;
    const bytes = whole.trace.length;
    const split = (closing: number): TrialFiles => ({
      ...whole,
      records: `${whole.records.replace(/"traceBytes":\d+/, `"traceBytes":${closing}`)}{"kind":"window","us":1,"nonce":"${whole.note.plan.nonce}","traceBytes":${half},"traceLost":0}\n`,
    });
    expect(judgeTrial(split(bytes - half))).toMatchObject({ outcome: 'survived', reached: true });
    expect(judgeTrial(split(bytes))).toMatchObject({
      outcome: 'lost',
      reasons: [`the trace has ${bytes} bytes, the guest sent ${bytes + half}`],
    });
  });
});

it('a guest that QEMU stopped is lost, and QEMU’s cause is told, not its last register', () => {
  const files = capture('builtin');
  const cut = { ...files, records: files.records.replace(/^.*"closing".*\n/m, '') };
  const stderr = 'KVM internal error. Suberror: 1\nRAX=0\n';
  const end = { how: 'stopped', status: 'internal-error', vcpu: 'RIP=1', stderr } as const;
  const result = judgeTrial(withEnd(cut, end));
  expect(result.outcome).toBe('lost');
  expect(result.reasons.join()).toContain(
    'QEMU stopped the guest for good (internal-error, vCPU RIP=1): KVM internal error. Suberror: 1',
  );
});
