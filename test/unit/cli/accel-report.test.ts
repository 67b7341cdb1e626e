// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { accelLines } from '../../../harness/cli/accel-report.js';
import { deviceProblem } from '../../../harness/qemu/kvm-access.js';

const memory = {
  accel: 'kvm',
  why: '',
  at: '2026-11-28T10:00:00.000Z',
  host: 'h',
  image: '/c/vmlinuz-6.1',
} as const;

it('without permission the doctor says so, with the cure', () => {
  const problem = deviceProblem({ code: 'EACCES', group: 'kvm', user: 'eve' });
  expect(accelLines(problem, { memory, file: '/f' }).join('\n')).toMatch(
    /accelerator: tcg.*EACCES.*\n.*usermod -aG kvm eve/,
  );
});

it('where nothing was booted it says how to', () => {
  expect(accelLines(null, null).join('\n')).toMatch(/no guest has been booted.*\n.*--self-test/);
});

it('it tells what a boot said, of which kernel and when', () => {
  expect(accelLines(null, { memory, file: '/f' })[0]).toMatch(
    /accelerator: kvm; .* a guest lived under it \(vmlinuz-6.1 on 2026-11-28T10:00:00.000Z\)/,
  );
  const died = { ...memory, accel: 'tcg', why: 'the guest died' } as const;
  expect(accelLines(null, { memory: died, file: '/f' }).join('\n')).toMatch(
    /accelerator: tcg; the guest died.*\n.*remove \/f/,
  );
});
