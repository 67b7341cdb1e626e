// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { cpuFacts, hostFacts } from '../../../harness/qemu/host-cpu.js';

const EPYC = [
  'processor\t: 0',
  'vendor_id\t: AuthenticAMD',
  'cpu family\t: 23',
  'model\t\t: 1',
  'model name\t: AMD EPYC Processor',
  'stepping\t: 2',
  'microcode\t: 0x1000065',
  'cpu MHz\t\t: 2595.124',
  'bogomips\t: 5190.24',
  'flags\t\t: fpu svm',
  '',
].join('\n');

it('the facts of a processor are those that a guest sees', () => {
  expect(cpuFacts(EPYC)).toEqual([
    'cpu family: 23',
    'flags: fpu svm',
    'microcode: 0x1000065',
    'model name: AMD EPYC Processor',
    'model: 1',
    'stepping: 2',
    'vendor_id: AuthenticAMD',
  ]);
});

it('a clock rate or a second processor of the same kind changes nothing', () => {
  const second = EPYC.replace('processor\t: 0', 'processor\t: 1').replace('2595.124', '3000.000');
  expect(cpuFacts(EPYC + second)).toEqual(cpuFacts(EPYC));
});

it.each([
  ['model', 'AMD EPYC Processor', 'AMD EPYC-Rome Processor'],
  ['microcode', '0x1000065', '0x1000066'],
  ['feature', 'fpu svm', 'fpu svm avx2'],
])('another %s is another processor', (_, from, to) => {
  expect(EPYC).toContain(from);
  expect(cpuFacts(EPYC.replace(from, to))).not.toEqual(cpuFacts(EPYC));
});

it('of arm64 the part and the features count, of each kind of core', () => {
  const core = (part: string): string =>
    `processor\t: 0\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd\nCPU part\t: ${part}\n\n`;
  expect(cpuFacts(core('0xd08') + core('0xd03'))).toEqual([
    'CPU part: 0xd03',
    'CPU part: 0xd08',
    'Features: fp asimd',
  ]);
});

it('the host’s kernel is one of them', async () => {
  expect((await hostFacts()).at(-1)).toMatch(/^host kernel: \S+/);
});
