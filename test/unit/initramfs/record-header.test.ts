// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { recordHeader } from '../../../harness/initramfs/record-header.js';
import { RECORD_FIELDS } from '../../../harness/model/record.js';

/** Compiles the header with what follows it; gcc's words, empty when it has none. */
function compile(code = '', flags: readonly string[] = []): string {
  const { stderr, error } = spawnSync(
    'gcc',
    ['-std=gnu11', '-Wall', '-Wextra', '-Werror', '-fsyntax-only', ...flags, '-xc', '-'],
    { input: `${recordHeader()}\n${code}`, encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' } },
  );
  if (error) throw error;
  return stderr;
}

describe('the generated header', () => {
  it('compiles without a warning', () => {
    expect(compile()).toBe('');
  });

  it('compiles with its table', () => {
    expect(compile('int f(void) { return !record_kinds[0].name; }', ['-DRECORD_KINDS_TABLE'])).toBe(
      '',
    );
  });

  it('may be included twice', () => {
    expect(compile(recordHeader())).toBe('');
  });

  it('has a function for every kind, with its fields in order', () => {
    const calls = Object.entries(RECORD_FIELDS).map(
      ([kind, fields]) =>
        `record_${kind}(${Object.values(fields)
          .map((type) => (type === 's' ? '"x"' : '1LL'))
          .join(', ')});`,
    );
    expect(compile(`void f(void) { ${calls.join(' ')} }`)).toBe('');
    expect(recordHeader()).toContain(
      'record_unload(long long pid, const char *module, long long error, long long refcount, long long start_us, long long end_us, long long holder_returned)',
    );
  });

  it.each([
    ['a string for a number', 'record_exit("holder", "112", 0, 0)'],
    ['a number for a string', 'record_ready(7)'],
    ['a field too few', 'record_closing("x", 1)'],
    ['a field too many', 'record_ready("x", 1)'],
    ['an unknown kind', 'record_gift("x")'],
  ])('does not compile with %s', (_, call) => {
    expect(compile(`void f(void) { ${call}; }`)).not.toBe('');
  });

  it('lists every field of every kind in the table', () => {
    const header = recordHeader();
    for (const [kind, fields] of Object.entries(RECORD_FIELDS)) {
      expect(header).toContain(`\t{ "${kind}", record_fields_${kind} },\n`);
      for (const [name, type] of Object.entries(fields)) {
        expect(header).toContain(`\t{ "${name}", '${type}' },\n`);
      }
    }
  });
});
