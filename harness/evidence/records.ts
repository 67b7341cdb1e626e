// SPDX-License-Identifier: MIT
import { parseRecord } from '../model/read-record.js';
import type { GuestRecord } from '../model/record.js';

/** The records port's text, read; bad lines become reasons. */
export interface ReadRecords {
  readonly records: readonly GuestRecord[];
  readonly problems: readonly string[];
}

/** Reads records text; an unfinished last line is a problem too. */
export function readRecords(text: string): ReadRecords {
  const records: GuestRecord[] = [];
  const problems: string[] = [];
  text.split('\n').forEach((line, index) => {
    if (line === '') return;
    const parsed = parseRecord(line);
    if (parsed.ok) records.push(parsed.record);
    else problems.push(`record line ${index + 1}: ${parsed.problem}`);
  });
  return { records, problems };
}
