// SPDX-License-Identifier: MIT
import type { Recogniser } from './recogniser.js';
import { RECOGNISERS } from './recognisers/index.js';

/** The recogniser whose head a line is. */
export function recognise(
  text: string,
  candidates: readonly Recogniser[] = RECOGNISERS,
): { recogniser: Recogniser; match: RegExpExecArray } | undefined {
  // The kernel does not indent its heads; who quotes a report does.
  const message = text.startsWith(' ') ? text.slice(1) : text;
  if (message.startsWith(' ')) return undefined;
  if (message.length > 2000) return undefined;
  for (const recogniser of candidates) {
    // Of all recognisers only those are tried of which the text holds a hint.
    if (candidates === RECOGNISERS && !recogniser.hints.some((hint) => message.includes(hint)))
      continue;
    const match = recogniser.head.exec(message);
    if (match) return { recogniser, match };
  }
  return undefined;
}
