// SPDX-License-Identifier: MIT
import { layoutOf } from '../../../harness/evidence/layout.js';
import { parseTrace } from '../../../harness/evidence/trace.js';
import type { Placement } from '../../../harness/model/placement.js';
import type { GuestRecord } from '../../../harness/model/record.js';
import { type Window, windowOf } from '../../../harness/recipes/release-return.js';
import { release } from '../../../harness/scenarios/release.js';
import { capturePlan } from '../judge/support.js';

/** The window of a capture as its recipe sees it, by a trace and records that may be changed. */
export const windowIn = (
  placement: Placement,
  trace: string,
  records: readonly GuestRecord[],
): Window =>
  windowOf({
    plan: capturePlan(placement),
    scenario: release,
    events: parseTrace(trace),
    records,
    layout: layoutOf(records, 'dm_mod'),
    console: new Uint8Array(),
    findings: [],
    fatalRun: null,
  });
