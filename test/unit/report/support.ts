// SPDX-License-Identifier: MIT
import { judgeTrial } from '../../../harness/judge/trial.js';
import type { Placement } from '../../../harness/model/placement.js';
import type { TrialFiles } from '../../../harness/model/trial.js';
import type { TrialEvidence } from '../../../harness/report/evidence.js';
import { timelineOf } from '../../../harness/report/timeline/build.js';
import type { Timeline } from '../../../harness/report/timeline/model.js';
import { capture } from '../judge/support.js';

/** The timeline of a real trial. */
export const timeline = (files: TrialFiles): Timeline => timelineOf(files, judgeTrial(files));

export const evidenceOf = (
  placement: Placement,
  change: (files: TrialFiles) => TrialFiles = (files) => files,
): TrialEvidence => {
  const files = change(capture(placement));
  return { files, result: judgeTrial(files), argv: 'qemu-system-x86_64 -smp 1', damaged: false };
};
