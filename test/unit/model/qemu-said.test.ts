// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { causeIn } from '../../../harness/model/qemu-said.js';

it('the cause is not the last line where registers follow it', () => {
  const said = [
    'KVM internal error. Suberror: 1',
    'emulation failure',
    'EAX=00000000 EBX=00000000 ECX=00000000 EDX=00000663',
    'Code=?? ?? ?? ??',
  ].join('\n');
  expect(causeIn(said)).toBe('KVM internal error. Suberror: 1');
});

it('elsewhere it is', () => {
  expect(causeIn('warning\nqemu: load of migration failed: Invalid argument\n')).toBe(
    'qemu: load of migration failed: Invalid argument',
  );
  expect(causeIn('')).toBe('');
});
