// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { readRecords } from '../../../harness/evidence/records.js';

describe('readRecords', () => {
  it('numbers bad lines from 1 and keeps the good ones', () => {
    const good = '{"kind":"ready","us":1,"commands":"trial"}';
    expect(readRecords(`${good}\n\nnonsense\n${good}\n`)).toEqual({
      records: [
        { kind: 'ready', us: 1, commands: 'trial' },
        { kind: 'ready', us: 1, commands: 'trial' },
      ],
      problems: ['record line 3: not JSON'],
    });
    expect(readRecords('')).toEqual({ records: [], problems: [] });
  });
});
