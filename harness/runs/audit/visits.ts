// SPDX-License-Identifier: MIT
import { z } from 'zod';
import type { PlantedVisit, Visit } from '../../model/audit.js';
import {
  type Chain,
  type ChainEntry,
  chainLine,
  type LedgerEnd,
  NO_LINES,
  readChain,
} from '../chain.js';
import { Seal } from '../seal.js';
import type { AuditNote } from './note.js';
import { FaultJson, VisitJson } from './visit-json.js';

/** The lines of an audit, in the order in which things ended. */
export const VISITS = 'visits.jsonl';

/** What a line of visits.jsonl says. */
export type AuditLine =
  | { readonly is: 'visit'; readonly visit: Visit }
  | { readonly is: 'planted'; readonly planted: PlantedVisit }
  /** A guest has ended: SHA-256 of each file of its folder `guest-N`. */
  | {
      readonly is: 'guest';
      readonly guest: number;
      readonly files: Readonly<Record<string, string>>;
    };

/** The number of the guest that a line is of. */
export function guestOf(line: AuditLine): number {
  if (line.is === 'guest') return line.guest;
  return line.is === 'visit' ? line.visit.guest : line.planted.visit.guest;
}

const Line = z.discriminatedUnion('is', [
  z.strictObject({ is: z.literal('visit'), visit: VisitJson }),
  z.strictObject({
    is: z.literal('planted'),
    planted: z.strictObject({ mistake: FaultJson, twin: z.boolean(), visit: VisitJson }),
  }),
  z.strictObject({
    is: z.literal('guest'),
    guest: z.int().nonnegative(),
    files: z.record(z.string(), Seal),
  }),
]);

const Entry = z.looseObject({ schema: z.literal(1), after: z.string() });

/** The next line, without its newline, and where the file ends with it. */
export const auditLine = (
  line: AuditLine,
  end: LedgerEnd,
): { readonly line: string; readonly end: LedgerEnd } => chainLine(1, line, end);

/**
 * Where the lines of an audit begin: the first one says that it follows the audit's name, so that lines
 * of another audit are none of its own. Audits from before that began with nothing.
 */
export const linesStart = ({ id, ownLines }: Pick<AuditNote, 'id' | 'ownLines'>): LedgerEnd =>
  ownLines ? { lines: 0, last: id } : NO_LINES;

/** What visits.jsonl holds. */
export const readAuditLines = (text: string, start: LedgerEnd): Chain<AuditLine> =>
  readChain(text, VISITS, readEntry, start);

function readEntry(value: unknown): ChainEntry<AuditLine> {
  const { schema: _, after, ...rest } = Entry.parse(value);
  // The schema is the type's; only `undefined` for an absent field is spelled in another way.
  return { entry: Line.parse(rest) as AuditLine, after };
}
