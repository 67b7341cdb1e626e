// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { ARCH } from '../../../harness/model/arch/index.js';
import {
  deviceProblem,
  groupName,
  kvmProblem,
  requireKvm,
} from '../../../harness/qemu/kvm-access.js';

const NATIVE = process.arch === 'arm64' ? ARCH.arm64 : ARCH.x86_64;
const FOREIGN = process.arch === 'arm64' ? ARCH.x86_64 : ARCH.arm64;

it('a device without permission names its group, the user and the cure', () => {
  const { observed, action } = deviceProblem({ code: 'EACCES', group: 'kvm', user: 'eve' });
  expect(observed).toBe('/dev/kvm: EACCES, eve is not in its group kvm');
  expect(action).toContain('sudo usermod -aG kvm eve');
});

it('a user without a name is not named in the cure', () => {
  const { observed, action } = deviceProblem({ code: 'EACCES', group: 'kvm', user: '1000' });
  expect(observed).toBe('/dev/kvm: EACCES, 1000 is not in its group kvm');
  expect(action).toContain('sudo usermod -aG kvm $USER');
});

it('one that belongs to another group is given to kvm first', () => {
  const { observed, action } = deviceProblem({ code: 'EACCES', group: 'root', user: 'eve' });
  expect(observed).toContain('its group is root');
  expect(action).toMatch(/chown root:kvm \/dev\/kvm.*usermod -aG kvm eve/);
});

it.each([
  ['ENOENT', /modprobe/],
  ['EPERM', /--device \/dev\/kvm/],
])('%s has a cure of its own', (code, cure) => {
  expect(deviceProblem({ code, group: null, user: 'eve' }).action).toMatch(cure);
});

it.each([
  ['root:x:0:\nkvm:x:104:eve\n', 104, 'kvm'],
  ['root:x:0:\nkvm:x:104:eve\n', 0, 'root'],
  ['root:x:0:\n', 104, '104'],
])('in %j group %i is called %s', (groups, gid, name) => {
  expect(groupName(groups, gid)).toBe(name);
});

it('a device that may be opened is no problem; one that is not there is', async () => {
  expect(await kvmProblem(NATIVE, '/dev/null')).toBeNull();
  expect((await kvmProblem(NATIVE, '/dev/no-kvm'))?.observed).toContain('ENOENT');
});

it('another architecture’s guest has no KVM here', async () => {
  await expect(requireKvm(FOREIGN, 'kvm')).rejects.toMatchObject({ code: 'environment' });
  await expect(requireKvm(FOREIGN, 'kvm')).rejects.toThrow(/--accel kvm: a guest of \w+ on/);
  await expect(requireKvm(FOREIGN, 'auto')).resolves.toBeUndefined();
});
