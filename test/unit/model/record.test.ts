// SPDX-License-Identifier: MIT
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COMPARED_PLACEMENTS } from '../../../harness/model/placement.js';
import { parseRecord } from '../../../harness/model/read-record.js';
import {
  firstRecord,
  type GuestRecord,
  RECORD_FIELDS,
  recordsOf,
} from '../../../harness/model/record.js';
import { capture } from '../judge/support.js';

const anyRecord: fc.Arbitrary<Record<string, unknown>> = fc
  .constantFrom(...Object.entries(RECORD_FIELDS))
  .chain(([kind, fields]) =>
    fc.record({
      kind: fc.constant(kind),
      us: fc.maxSafeNat(),
      ...Object.fromEntries(
        Object.entries(fields).map(([name, type]) => [
          name,
          type === 'd' ? fc.maxSafeInteger() : fc.string(),
        ]),
      ),
    }),
  );

describe('parseRecord', () => {
  it('reads back every record of every kind', () => {
    fc.assert(
      fc.property(anyRecord, (record) => {
        expect(parseRecord(JSON.stringify(record))).toEqual({ ok: true, record });
      }),
      { numRuns: 500 },
    );
  });

  it('refuses every record that lacks a field, has one too many, or one of another type', () => {
    fc.assert(
      fc.property(anyRecord, fc.nat(), (record, pick) => {
        const names = Object.keys(record);
        const name = names[pick % names.length] ?? 'kind';
        const { [name]: value, ...lacking } = record;
        expect(parseRecord(JSON.stringify(lacking)).ok).toBe(false);
        expect(parseRecord(JSON.stringify({ ...record, more: 1 })).ok).toBe(false);
        const other = typeof value === 'string' ? 1 : '1';
        expect(parseRecord(JSON.stringify({ ...record, [name]: other })).ok).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
        expect(parseRecord(line).ok).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['', 'not JSON'],
    ['{"kind":"ready","us":1,', 'not JSON'],
    ['[]', 'no kind'],
    ['null', 'no kind'],
    ['{"us":1}', 'no kind'],
    ['{"kind":1,"us":1}', 'no kind'],
    ['{"kind":"gift","us":1}', 'unknown kind gift'],
    ['{"kind":"__proto__","us":1}', 'unknown kind __proto__'],
    ['{"kind":"toString","us":1}', 'unknown kind toString'],
  ])('says of %s: %s', (line, problem) => {
    expect(parseRecord(line)).toEqual({ ok: false, problem });
  });

  it('says which field is wrong, on one line', () => {
    const parsed = parseRecord('{"kind":"ready","us":1.5,"commands":7}');
    if (parsed.ok) throw new Error('it was accepted');
    expect(parsed.problem).toContain('us');
    expect(parsed.problem).toContain('commands');
    expect(parsed.problem).not.toContain('\n');
  });

  it.each(COMPARED_PLACEMENTS)('reads every line of the real guest (%s)', (placement) => {
    const { readyRecords, records } = capture(placement);
    for (const line of `${readyRecords}${records}`.trimEnd().split('\n')) {
      expect(parseRecord(line)).toEqual({ ok: true, record: JSON.parse(line) });
    }
  });
});

describe('records by kind', () => {
  const records: GuestRecord[] = [
    { kind: 'ready', us: 1, commands: 'a' },
    { kind: 'exit', us: 2, party: 'load', pid: 1, status: 0, signal: 0 },
    { kind: 'exit', us: 3, party: 'holder', pid: 2, status: -1, signal: 9 },
  ];
  it('are found in order', () => {
    expect(firstRecord(records, 'exit')?.pid).toBe(1);
    expect(recordsOf(records, 'exit').map((record) => record.party)).toEqual(['load', 'holder']);
  });
  it('may be absent', () => {
    expect(firstRecord(records, 'closing')).toBeUndefined();
    expect(recordsOf(records, 'closing')).toEqual([]);
  });
});
