// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { withCause } from '../../../harness/judge/cause.js';
import type { RawFinding } from '../../../harness/model/finding.js';
import type { CauseRule, Suspect } from '../../../harness/model/suspect.js';
import { dmMod } from '../../../harness/suspects/dm_mod/index.js';

const RAW: RawFinding = {
  kind: 'page-fault',
  title: 'BUG: unable to handle kernel paging request in kobject_put',
  function: 'kobject_put',
  line: 1,
  lastLine: 9,
  head: 'BUG: unable to handle page fault for address: ffffffffa0000000',
  frames: [],
  state: { is: 'complete' },
  touched: { is: 'elsewhere' },
  text: [],
};
const suspect = (...causes: CauseRule[]): Suspect => ({ ...dmMod, causes });
const rule = (cause: CauseRule['cause'], fits: boolean, blames?: string): CauseRule => ({
  cause,
  says: cause,
  fits: () => fits,
  ...(blames === undefined ? {} : { blames }),
});
const RELEASE = 'release-in-unloaded-text';
const DISK = 'disk-release-fops';

describe('the cause of a crash', () => {
  it('is that of the first rule that fits, of the first suspect that has one', () => {
    const none = suspect(rule(RELEASE, false));
    expect(withCause(RAW, [suspect(rule(RELEASE, false), rule(DISK, true))]).cause).toBe(DISK);
    expect(withCause(RAW, [suspect(rule(RELEASE, true), rule(DISK, true))]).cause).toBe(RELEASE);
    expect(withCause(RAW, [none, suspect(rule(DISK, true))]).cause).toBe(DISK);
  });

  it('is another one where no rule fits, or nobody is suspected', () => {
    expect(withCause(RAW, [suspect(rule(RELEASE, false))]).cause).toBe('other');
    expect(withCause(RAW, []).cause).toBe('other');
  });

  it('takes the place of the neutral fact; all else stays', () => {
    const { touched: _, ...rest } = RAW;
    expect(withCause(RAW, [])).toEqual({ ...rest, cause: 'other' });
    expect(withCause(RAW, [suspect(rule(DISK, true))])).toEqual({ ...rest, cause: DISK });
  });
});

describe('the function at fault', () => {
  const blaming = [suspect(rule(RELEASE, true, 'the_method'))];

  it('is the rule’s, in the title too, where the console could only blame a caller', () => {
    expect(withCause(RAW, blaming)).toMatchObject({
      title: 'BUG: unable to handle kernel paging request in the_method',
      function: 'the_method',
      module: 'dm_mod',
    });
  });

  it('is put in where the console could name nobody', () => {
    const corrupted = { ...RAW, title: 'int3 in corrupted', function: '' };
    expect(withCause(corrupted, blaming).title).toBe('int3 in the_method');
    expect(withCause({ ...RAW, title: 'int3', function: '' }, blaming).title).toBe(
      'int3 in the_method',
    );
  });

  it('is not said twice', () => {
    const known = { ...RAW, title: 'int3 in the_method', function: 'the_method' };
    expect(withCause(known, blaming).title).toBe('int3 in the_method');
  });

  it('is the console’s where the rule blames nobody', () => {
    expect(withCause(RAW, [suspect(rule(DISK, true))])).toMatchObject({
      title: RAW.title,
      function: 'kobject_put',
    });
  });
});
