// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { FORMAT_NAMES, FORMATS } from '../../../harness/report/formats.js';

describe('the list of formats', () => {
  it('keeps the names that scripts use, pretty first', () => {
    expect(FORMAT_NAMES[0]).toBe('pretty');
    expect(FORMAT_NAMES).toEqual(expect.arrayContaining(['pretty', 'json', 'ktap', 'junit']));
  });

  it('explains every format on one line', () => {
    for (const name of FORMAT_NAMES) expect(FORMATS[name].says).toMatch(/^.{5,80}$/);
  });
});
