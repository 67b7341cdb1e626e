// SPDX-License-Identifier: MIT
import { withCause } from '../judge/cause.js';
import type { Finding, RawFinding } from '../model/finding.js';
import { SUSPECTS } from '../suspects/index.js';

const ALL = Object.values(SUSPECTS);

/** What a crash means, by the rules of every suspect: of a log nobody knows whose it is. */
export const attributed = (raw: RawFinding): Finding => withCause(raw, ALL);
