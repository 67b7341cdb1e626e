// SPDX-License-Identifier: MIT
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';

/** What another program says while it works, kept for who wants to read all of it. */
export interface LogFile {
  readonly write: (text: string) => void;
  /** When all of it is written, or cannot be. */
  readonly close: () => Promise<void>;
}

/**
 * Begins a log. It is a help and not the result: that it cannot be written, on a full disk for instance,
 * ends nothing. What fails by the same cause says so itself.
 */
export function openLog(file: string): LogFile {
  const stream = createWriteStream(file);
  const done = finished(stream).catch(() => undefined);
  return {
    write: (text) => void stream.write(text),
    close: async () => {
      stream.end();
      await done;
    },
  };
}
