// SPDX-License-Identifier: MIT
import pc from 'picocolors';
import type { Paint } from '../report/text.js';

/** Colours for a stream that is a terminal; none with NO_COLOR (picocolors knows it). */
export function paintFor(stream: NodeJS.WriteStream): Paint {
  const colors = pc.createColors(pc.isColorSupported && stream.isTTY === true);
  return {
    good: colors.green,
    bad: colors.red,
    doubtful: colors.yellow,
    strong: colors.bold,
    faint: colors.dim,
  };
}
