// SPDX-License-Identifier: MIT
import type { ConsoleLine } from './line.js';
import { Prefix, placedHead } from './placed.js';
import { firstMessage } from './prefix.js';
import { recognise } from './recognise.js';
import type { Recogniser } from './recogniser.js';

/** A head as it was met. */
export interface Head {
  readonly line: ConsoleLine;
  readonly recogniser: Recogniser;
  readonly match: RegExpExecArray;
  readonly torn: string | undefined;
  readonly prefix: Prefix | undefined;
}

/** The head that a line is or holds; `likely` are the recognisers of which it has a hint. */
export function headOf(
  line: ConsoleLine,
  likely: readonly Recogniser[],
  torn: string | undefined,
): Head | undefined {
  if (likely.length === 0) return undefined;
  // What another CPU put into the line is a message of its own.
  const first = firstMessage(line);
  const head =
    recognise(first, likely) ?? (first === line.text ? undefined : recognise(line.text, likely));
  if (head !== undefined) {
    const { recogniser, match } = head;
    return { line, recogniser, match, torn, prefix: undefined };
  }
  const placed = placedHead(first, likely);
  if (placed === undefined) return undefined;
  const { recogniser, match, at, speaker } = placed;
  return {
    line: { ...line, text: line.text.slice(at) },
    recogniser,
    match,
    torn: speaker === 'glued' ? 'its head is stuck to the message before it' : torn,
    prefix: new Prefix(line.text.slice(0, at), speaker),
  };
}
