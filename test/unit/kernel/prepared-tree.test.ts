// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { droppedHere, requireOwnRt } from '../../../harness/kernel/prepared-tree.js';
import { parseKernelConfig } from '../../../harness/model/kernel.js';

const RT = 'CONFIG_PREEMPT_RT=y\n';
const kernel = (version: string): Parameters<typeof requireOwnRt>[1] => ({
  abi: `${version}-rt-amd64`,
  source: { name: 'linux-source', version: `${version}-1` },
});

describe('a PREEMPT_RT kernel whose headers do not work here', () => {
  it.each(['5.10.223', '6.1.192', '6.11.9'])(
    'is refused for %s: the sources lack it',
    (version) => {
      expect(() => requireOwnRt(RT, kernel(version), 'they name gcc-10')).toThrow(
        expect.objectContaining({
          code: 'inconclusive',
          facts: expect.objectContaining({
            observed: expect.stringMatching(
              / is PREEMPT_RT, .* sources of \d+\.\d+: .* they name gcc-10$/,
            ),
          }),
        }),
      );
    },
  );

  it.each(['6.12.117', '7.3.4'])('is built for %s', (version) => {
    expect(() => requireOwnRt(RT, kernel(version), '')).not.toThrow();
  });

  it('only RT kernels are meant', () => {
    const off = '# CONFIG_PREEMPT_RT is not set\nCONFIG_PREEMPT=y\n';
    expect(() => requireOwnRt(off, kernel('5.10.223'), '')).not.toThrow();
  });
});

it('options that Kconfig drops here are told to the C code, what tools can do is not', () => {
  const image = parseKernelConfig(
    [
      'CONFIG_DEBUG_INFO_BTF=y',
      'CONFIG_SCHED_CLASS_EXT=y',
      'CONFIG_CC_HAS_COUNTED_BY=y',
      'CONFIG_RUSTC_VERSION_TEXT="rustc"',
      'CONFIG_EXT4_FS=m',
      'CONFIG_SMP=y',
    ].join('\n'),
  );
  const here = parseKernelConfig('CONFIG_SMP=y\n');
  expect(droppedHere(image, here)).toEqual(['DEBUG_INFO_BTF', 'SCHED_CLASS_EXT']);
});
