// SPDX-License-Identifier: MIT
import { constants } from 'node:fs';
import { access, readFile, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import type { Arch } from '../model/arch/index.js';
import { DmraceError } from '../model/errors.js';

export const KVM_DEVICE = '/dev/kvm';

/** Why KVM cannot be used at all, before anything is booted, and what mends it. */
export interface KvmProblem {
  readonly observed: string;
  readonly action: string;
}

/** What was seen of the device. */
export interface DeviceFacts {
  /** The error's name, such as EACCES. */
  readonly code: string;
  /** Its group's name, or the number; null when the device could not be looked at. */
  readonly group: string | null;
  readonly user: string;
}

/** The group that udev's rules give the device to (50-udev-default.rules of systemd 252). */
const KVM_GROUP = 'kvm';

/** Says what is wrong with the device, and the cure. */
export function deviceProblem({ code, group, user }: DeviceFacts): KvmProblem {
  switch (code) {
    case 'EACCES': {
      // A user that no passwd knows is a number only, as in a container.
      const name = /^\d+$/.test(user) ? '$USER' : user;
      const join = `sudo usermod -aG ${KVM_GROUP} ${name}, then log in again`;
      return group === KVM_GROUP
        ? {
            observed: `${KVM_DEVICE}: EACCES, ${user} is not in its group ${KVM_GROUP}`,
            action: `join the group: ${join}`,
          }
        : {
            observed: `${KVM_DEVICE}: EACCES, its group is ${group ?? 'unknown'}, not ${KVM_GROUP}`,
            action: `give it to the group and join that: sudo chown root:${KVM_GROUP} ${KVM_DEVICE}; sudo chmod 660 ${KVM_DEVICE}; ${join}`,
          };
    }
    case 'ENOENT':
      return {
        observed: `${KVM_DEVICE}: ENOENT, this kernel offers no KVM`,
        action:
          'load kvm_intel or kvm_amd (sudo modprobe), and let the firmware, or the host of this virtual machine, permit virtualisation',
      };
    default:
      return {
        observed: `${KVM_DEVICE}: ${code}`,
        action: `see why ${KVM_DEVICE} cannot be opened; a container needs --device ${KVM_DEVICE}`,
      };
  }
}

/** The name of a group by /etc/group's text, else its number. */
export function groupName(groups: string, gid: number): string {
  const line = groups.split('\n').find((one) => one.split(':')[2] === String(gid));
  return line?.split(':')[0] ?? String(gid);
}

/** Whether this process may open the device; null when it may. Whether guests live is another matter. */
export async function kvmProblem(arch: Arch, device = KVM_DEVICE): Promise<KvmProblem | null> {
  if (arch.names.node !== process.arch) {
    return {
      observed: `a guest of ${arch.name} on ${process.arch}, where KVM cannot run it`,
      action: 'leave --accel out, or run it on a machine of that architecture',
    };
  }
  try {
    await access(device, constants.R_OK | constants.W_OK);
    return null;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unusable';
    const gid = (await stat(device).catch(() => null))?.gid;
    const groups = await readFile('/etc/group', 'utf8').catch(() => '');
    const group = gid === undefined ? null : groupName(groups, gid);
    return deviceProblem({ code, group, user: userName() });
  }
}

/** A user that no passwd knows has none (uv_os_get_passwd() fails). */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'this user');
  }
}

/** @throws DmraceError (environment) when KVM was asked for and cannot be had. */
export async function requireKvm(arch: Arch, accel: string): Promise<void> {
  if (accel !== 'kvm') return;
  const problem = await kvmProblem(arch);
  if (problem === null) return;
  throw new DmraceError('environment', {
    observed: `--accel kvm: ${problem.observed}`,
    action: `${problem.action}; or leave --accel out, and QEMU emulates (TCG)`,
  });
}
