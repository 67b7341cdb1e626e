// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { type GuestRecord, RECORD_FIELDS } from './record.js';

type Fields = Readonly<Record<string, 'd' | 's'>>;
const FIELDS: ReadonlyMap<string, Fields> = new Map(Object.entries(RECORD_FIELDS));

/** The schema of a kind, which tells what is wrong with a record. */
const schemaOf = (kind: string, fields: Fields): z.ZodType =>
  z.strictObject({
    kind: z.literal(kind),
    us: z.int(),
    ...Object.fromEntries(
      Object.entries(fields).map(([name, type]) => [name, type === 'd' ? z.int() : z.string()]),
    ),
  });

/**
 * What {@link schemaOf} would say, in a tenth of the time: a boot has a thousand records, and almost
 * all of them are as they should be.
 */
function fits(value: object, fields: Fields): boolean {
  const entries = Object.entries(value);
  if (entries.length !== Object.keys(fields).length + 2) return false;
  return entries.every(([name, content]) => {
    if (name === 'kind') return true;
    const type = name === 'us' ? 'd' : Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (type === undefined) return false;
    return type === 'd' ? Number.isSafeInteger(content) : typeof content === 'string';
  });
}

/** What one line of the records port turned out to be. */
export type ParsedRecord =
  | { readonly ok: true; readonly record: GuestRecord }
  | { readonly ok: false; readonly problem: string };

/** Reads one line of the records port. Never throws: a bad line is evidence too. */
export function parseRecord(line: string): ParsedRecord {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { ok: false, problem: 'not JSON' };
  }
  if (typeof value !== 'object' || value === null || !('kind' in value)) {
    return { ok: false, problem: 'no kind' };
  }
  const { kind } = value;
  if (typeof kind !== 'string') return { ok: false, problem: 'no kind' };
  const fields = FIELDS.get(kind);
  if (!fields) return { ok: false, problem: `unknown kind ${kind}` };
  // What was checked is made from RECORD_FIELDS, as the type is.
  if (fits(value, fields)) return { ok: true, record: value as GuestRecord };
  const { error } = schemaOf(kind, fields).safeParse(value);
  const why = error ? z.prettifyError(error).replaceAll('\n', '; ') : 'not as its kind says';
  return { ok: false, problem: why };
}
