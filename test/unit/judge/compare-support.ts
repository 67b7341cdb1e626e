// SPDX-License-Identifier: MIT
import type { RunEvidence } from '../../../harness/judge/summary.js';
import type { KernelIdentity } from '../../../harness/model/kernel-identity.js';
import type { PatchIdentity } from '../../../harness/model/patch.js';
import type { Placement } from '../../../harness/model/placement.js';
import type { TrialResult } from '../../../harness/model/trial.js';
import type { Question } from '../../../harness/model/verdict.js';
import { crashedControl, finding, result } from './support.js';

/** What the subject did in a run. */
export type Ending = 'open' | 'closed' | 'not-reached' | 'other' | 'lost';

export const PATCH: PatchIdentity = {
  file: 'fix.mbx',
  subject: '[PATCH] dm: <fix> & more',
  sha256: 'ab'.repeat(32),
};

const KERNEL: KernelIdentity = {
  spec: 'src:linux',
  release: '6.1.0',
  arch: 'x86_64',
  preempt: 'PREEMPT',
  configSha256: 'c',
  version: '6.1.0, gcc 12',
  methodHome: 'vmlinux',
};

const QUESTION: Question = {
  scenario: 'release',
  recipe: 'release-return',
  targetCause: 'release-in-unloaded-text',
  control: 'in-module',
  trials: 1,
  placements: ['builtin', 'in-module'],
};

function subject(ending: Ending): TrialResult {
  switch (ending) {
    case 'closed':
      return result({});
    case 'open':
      return result({ outcome: 'crashed', findings: [finding('release-in-unloaded-text')] });
    case 'other':
      return result({ outcome: 'crashed', findings: [finding('other')] });
    case 'not-reached':
      return result({ outcome: 'not-reached', reached: false, reasons: ['step 9 was not seen'] });
    case 'lost':
      return result({ outcome: 'lost', reached: false, reasons: ['QEMU ended'] });
  }
}

const code = (objectSymbol: string) => ({ tailCall: false, instructions: [], objectSymbol });

/** The run without the series, with its control. */
export const before = (ending: Ending): RunEvidence => ({
  question: QUESTION,
  kernel: KERNEL,
  trials: [subject(ending), crashedControl(0)],
  codes: { builtin: code('U'), 'in-module': code('T') },
  problems: [],
  known: null,
  notes: [],
});

/** The run with it: the subject alone. */
export const after = (ending: Ending): RunEvidence => ({
  ...before(ending),
  question: { ...QUESTION, placements: ['builtin'] },
  kernel: { ...KERNEL, version: '6.1.0, gcc 12, 1 patch', patches: [PATCH] },
  trials: [subject(ending)],
  codes: { builtin: code('U') },
});

/** A run in which no trial of a placement was run. */
export const without = (evidence: RunEvidence, placement: Placement): RunEvidence => ({
  ...evidence,
  trials: evidence.trials.filter((trial) => trial.placement !== placement),
});
