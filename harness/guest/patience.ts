// SPDX-License-Identifier: MIT
import { patience, patient } from '../util/patience.js';

/** How long vm/init waits for the guest's ports. */
const PORTS_MS = 10_000;

/** The kernel parameters by which a guest that boots learns of --patience; none without one. */
export const patienceParameters = (): readonly string[] =>
  patience() === 1 ? [] : [`dmrace.ports-ms=${patient(PORTS_MS)}`];
