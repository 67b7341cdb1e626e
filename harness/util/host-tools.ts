// SPDX-License-Identifier: MIT
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import path from 'node:path';
import type { Arch } from '../model/arch/index.js';
import { DmraceError } from '../model/errors.js';
import {
  KERNEL_REQUIREMENTS,
  PATCH_REQUIREMENTS,
  type Requirement,
  requirements,
} from './requirements.js';
import { withSbin } from './sbin.js';

/** Whether a tool is on PATH (or in sbin), or a file is there. */
export async function onPath(needs: string): Promise<boolean> {
  const places = path.isAbsolute(needs)
    ? [needs]
    : withSbin(process.env.PATH)
        .split(':')
        .map((folder) => path.join(folder, needs));
  for (const place of places) {
    const mode = path.isAbsolute(needs) ? constants.R_OK : constants.X_OK;
    if (
      await access(place, mode).then(
        () => true,
        () => false,
      )
    )
      return true;
  }
  return false;
}

/** Everything that is missing, at once. */
export async function missingTools(
  arch: Arch,
  extra: readonly Requirement[] = [],
): Promise<Requirement[]> {
  const all = [...requirements(arch), ...extra];
  const states = await Promise.all(all.map((requirement) => onPath(requirement.needs)));
  return all.filter((_, index) => !states[index]);
}

/** What --patch needs and is not here. */
export async function missingPatchTools(): Promise<Requirement[]> {
  const states = await Promise.all(PATCH_REQUIREMENTS.map(({ needs }) => onPath(needs)));
  return PATCH_REQUIREMENTS.filter((_, index) => !states[index]);
}

/** The command that installs them; `as` says who may run it: this user, or root, who is another. */
export interface Remedy {
  readonly as: 'self' | 'root';
  readonly command: readonly string[];
}

/** What installs them. An ordinary user without sudo has to ask somebody. */
export async function remedy(absent: readonly Requirement[]): Promise<Remedy> {
  const packages = [...new Set(absent.map((requirement) => requirement.package))];
  const command = ['apt-get', 'install', '-y', '--no-install-recommends', ...packages];
  if (process.getuid?.() === 0) return { as: 'self', command };
  if (await onPath('sudo')) return { as: 'self', command: ['sudo', ...command] };
  return { as: 'root', command };
}

/** How a remedy is told. */
export const remedyLine = ({ as, command }: Remedy): string =>
  `mend ${as === 'root' ? 'as root' : 'with'}: ${command.join(' ')}`;

/**
 * @throws DmraceError (environment) that lists everything missing, with the command that mends it.
 */
export async function requireTools(arch: Arch, purpose: 'run' | 'kernels' = 'run'): Promise<void> {
  const absent = await missingTools(arch, purpose === 'kernels' ? KERNEL_REQUIREMENTS : []);
  if (absent.length === 0) return;
  const flags = `${purpose === 'kernels' ? ' --kernels' : ''} --arch ${arch.name}`;
  throw new DmraceError('environment', {
    observed: `missing: ${absent.map((r) => `${r.needs} (${r.why})`).join(', ')}`,
    action: `run dmrace doctor --fix${flags}, or ${remedyLine(await remedy(absent))}`,
  });
}
