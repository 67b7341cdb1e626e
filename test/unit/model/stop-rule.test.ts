// SPDX-License-Identifier: MIT
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STOP_WORDS, stopRule } from '../../../harness/model/stop-rule.js';
import type { TrialResult } from '../../../harness/model/trial.js';
import { finding, result } from '../judge/support.js';

const TARGET = 'disk-release-fops';
const survivor = result({});
const crash = result({ outcome: 'crashed', findings: [finding(TARGET)] });
const stranger = result({ outcome: 'crashed', findings: [finding('other')] });
const control = result({
  placement: 'in-module',
  outcome: 'crashed',
  findings: [finding(TARGET)],
});
const lost = result({ outcome: 'lost', placement: 'in-module', reached: false });

describe('a stop rule', () => {
  it.each([
    ['open', [survivor, stranger, control], [crash]],
    ['crash', [survivor, control, lost], [stranger]],
    ['both', [crash, control, stranger], [survivor]],
    ['both', [survivor, control, stranger, lost], [crash]],
    ['lost', [survivor, crash, stranger], [lost]],
  ] as const)('"%s" waits for what it names', (word, before, after) => {
    const rule = stopRule([word], TARGET);
    expect(rule(before)).toBeNull();
    expect(rule([...before, ...after])).toMatch(/^(the subject|a VM) /);
  });

  it('without words never stops; with several, the first that holds does', () => {
    const all: TrialResult[] = [survivor, crash, stranger, control, lost];
    expect(stopRule([], TARGET)(all)).toBeNull();
    expect(stopRule(['both', 'lost'], TARGET)([survivor, lost])).toBe('a VM was lost');
  });

  it('that has stopped stays so, in whatever order results come', () => {
    const results = [survivor, crash, stranger, control, lost];
    fc.assert(
      fc.property(
        fc.constantFrom(...STOP_WORDS),
        fc.array(fc.constantFrom(...results), { maxLength: 8 }),
        fc.array(fc.constantFrom(...results), { maxLength: 8 }),
        (word, some, more) => {
          const rule = stopRule([word], TARGET);
          if (rule(some) === null) return;
          expect(rule([...some, ...more])).not.toBeNull();
          expect(rule([...more, ...some])).not.toBeNull();
        },
      ),
    );
  });
});
