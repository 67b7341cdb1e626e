// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { layoutOf } from '../../../harness/evidence/layout.js';
import { judgeTrial } from '../../../harness/judge/trial.js';
import { ARCH } from '../../../harness/model/arch/index.js';
import {
  crashCommands,
  type DumpFacts,
  drgnScript,
} from '../../../harness/symbols/dump-scripts.js';
import { capture, recordsOfTrial } from '../judge/support.js';

const files = capture('in-module');
const [finding = null] = judgeTrial(files).findings;
const FACTS: DumpFacts = {
  arch: ARCH.x86_64,
  dump: {
    kept: true,
    file: 'vmcore',
    bytes: 1,
    sha256: '0'.repeat(64),
    at: 'death',
    task: { pid: 117, pc: 'ffffffff81003300', sp: 'ffffc900005c3cb8' },
  },
  layout: layoutOf(recordsOfTrial(files), 'dm_mod'),
  object: '/cache/dm-mod.debug.ko',
  modules: ['/cache/dmrace_helper.ko'],
  finding,
};
const { task: _, ...atEnd } = FACTS.dump;

describe('what crash is given', () => {
  it('is where the task stands, the module that is gone and the address in it', () => {
    const [stack, registers, module, ...symbols] = crashCommands(FACTS).split('\n');
    expect(stack).toBe('bt -S ffffc900005c3cb8 -I ffffffff81003300');
    // Of the recorded crash: RSP: 0018:ffffc900005abb60.
    expect(registers).toBe('struct -x pt_regs.ip,sp,flags ffffc900005abab8');
    expect(module).toMatch(
      /^add-symbol-file \/cache\/dm-mod\.debug\.ko 0xffffffffc0[0-9a-f]{6} -s /,
    );
    expect(symbols).toEqual([`gdb info symbol 0x${finding?.address}`, '']);
  });

  it.each([
    ['ffffc900005c3e10', 'ffffc900005c3d68'],
    // Of a dump in which crash does not find them: the processor left 8 bytes out.
    ['ffffc900005c3e58', 'ffffc900005c3da8'],
  ])('has the registers that were saved below %s', (sp, saved) => {
    const text = ['RIP: 0010:0xffffffffc0243dde', `RSP: 0018:${sp} EFLAGS: 00000246`];
    const commands = crashCommands({ ...FACTS, finding: { text } });
    expect(commands.split('\n')).toContain(`struct -x pt_regs.ip,sp,flags ${saved}`);
  });

  it('is what there is of a dump from the end of a trial, and of a crash elsewhere', () => {
    const commands = crashCommands({ ...FACTS, dump: { ...atEnd, at: 'end' }, finding: null });
    expect(commands.split('\n')).toEqual(['bt -e', expect.stringMatching(/^add-symbol-file /), '']);
  });
});

describe('what drgn is given', () => {
  it('names the task and every address in the module that is gone', () => {
    const script = drgnScript(FACTS);
    expect(script).toContain('\nPID = 117\nSP = 0xffffc900005c3cb8\n');
    expect(script).toContain(`    0x${finding?.address}: ${JSON.stringify(finding?.resolved)},\n`);
    expect(script).toContain('MODULES = ["/cache/dmrace_helper.ko"]');
    expect(script).toContain("frame.register('rsp')");
    const data = drgnScript({
      ...FACTS,
      finding: {
        text: [],
        address: 'ffffffff8155a534',
        faultAddress: 'ffffffffc0248738',
        resolvedFault: 'x [unloaded m]',
      },
    });
    expect(data).toContain('GONE = {\n    0xffffffffc0248738: "x [unloaded m]",\n}');
  });

  it('is of the guest’s architecture', () => {
    expect(drgnScript({ ...FACTS, arch: ARCH.arm64 })).toContain("frame.register('x29')");
  });

  it('says that a stack is gone', () => {
    const script = drgnScript({ ...FACTS, dump: { ...atEnd, at: 'end' } });
    expect(script).toContain('\nPID = None\nSP = None\n');
  });
});
