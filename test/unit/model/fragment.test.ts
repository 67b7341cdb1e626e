// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  describeDropped,
  droppedOptions,
  mergeFragments,
  parseFragment,
  probableReason,
  readKconfig,
} from '../../../harness/model/fragment.js';
import { parseKernelConfig } from '../../../harness/model/kernel.js';
import { PROFILES } from '../../../harness/model/kernel-profile.js';
import { assets } from '../../../harness/util/assets.js';

const TEXT = `# SPDX
# A head.

# [required] dm.
CONFIG_BLK_DEV_DM=m

# Nothing talks.
# CONFIG_NET is not set

# A name.
CONFIG_LOCALVERSION="-x"
`;

describe('parseFragment', () => {
  it('reads values, reasons and what is required', () => {
    expect(parseFragment(TEXT)).toEqual([
      { name: 'BLK_DEV_DM', value: 'm', why: 'dm.', required: true },
      { name: 'NET', value: 'n', why: 'Nothing talks.', required: false },
      { name: 'LOCALVERSION', value: '-x', why: 'A name.', required: false },
    ]);
  });

  it('of an option asked for twice the last counts', () => {
    const merged = mergeFragments([parseFragment(TEXT), parseFragment('# Talks.\nCONFIG_NET=y\n')]);
    expect(merged.map((o) => `${o.name}=${o.value}`)).toEqual([
      'BLK_DEV_DM=m',
      'LOCALVERSION=-x',
      'NET=y',
    ]);
  });
});

describe('the shipped fragments', () => {
  const files = readdirSync(assets('kernel-config')).filter((name) => name.endsWith('.config'));

  it('are the profiles and what the race and the audit need', () => {
    const wanted = [...PROFILES, 'audit', 'race', 'race-arm64', 'race-x86_64'].map(
      (n) => `${n}.config`,
    );
    expect(files.sort()).toEqual(wanted.sort());
  });

  it.each(files)('%s: every option says why, and is asked for once', (name) => {
    const options = parseFragment(readFileSync(assets('kernel-config', name), 'utf8'));
    expect(options.length).toBeGreaterThan(1);
    expect(options.filter((option) => option.why === '').map((o) => o.name)).toEqual([]);
    const names = options.map((option) => option.name);
    expect(names.filter((n, at) => names.indexOf(n) !== at)).toEqual([]);
  });
});

describe('what was dropped', () => {
  const symbols = readKconfig([
    'config KASAN\n\tbool "x"\n\tdepends on SLUB && !SLUB_TINY\n\tselect STACKDEPOT\n',
    'config STACKDEPOT\n\tbool\nconfig CHOSEN\n\tbool "c"\n',
    'config A_OR_B\n\tbool "x"\n\tdepends on A || B\n',
  ]);
  const reason = (line: string, config: string): string | undefined => {
    const map = parseKernelConfig(config);
    const [dropped] = droppedOptions(parseFragment(`# why\n${line}\n`), map);
    return dropped && probableReason(dropped, symbols, map);
  };

  it.each([
    ['CONFIG_KASAN=y', 'CONFIG_KASAN=y', undefined],
    ['# CONFIG_KASAN is not set', '', undefined],
    ['CONFIG_GONE=y', '', 'this tree has no such option'],
    ['CONFIG_KASAN=y', '', 'depends on SLUB && !SLUB_TINY'],
    ['CONFIG_KASAN=y', 'CONFIG_SLUB=y\nCONFIG_SLUB_TINY=y', 'depends on SLUB && !SLUB_TINY'],
    ['CONFIG_A_OR_B=y', 'CONFIG_C=y', 'depends on A || B'],
    [
      'CONFIG_A_OR_B=y',
      'CONFIG_B=y',
      'an unmet dependency of the menu it is in, or another choice was made',
    ],
    ['# CONFIG_STACKDEPOT is not set', 'CONFIG_STACKDEPOT=y\nCONFIG_KASAN=y', 'selected by KASAN'],
    [
      '# CONFIG_CHOSEN is not set',
      'CONFIG_CHOSEN=y',
      'it has no prompt here, or a default that cannot be changed',
    ],
  ])('%s with "%s": %s', (line, config, wanted) => {
    expect(reason(line, config)).toBe(wanted);
  });

  it('is described in one line', () => {
    const option = { name: 'DM', value: 'm', why: 'unload', required: true, got: 'y' };
    expect(describeDropped(option, 'because')).toBe(
      'CONFIG_DM: wanted m, got y (because); needed: unload',
    );
  });
});
