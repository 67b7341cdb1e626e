// SPDX-License-Identifier: MIT
// What the cluster's tests need beside what `dmrace doctor --fix` installs.
import { access } from 'node:fs/promises';
import { execa } from 'execa';

const PACKAGES = ['slurm-wlm', 'munge'];
const PROGRAMS = ['/usr/sbin/munged', '/usr/sbin/slurmctld', '/usr/sbin/slurmd', '/usr/bin/sbatch'];

/** Installs Debian's Slurm where it is absent. @throws Error where that takes another user. */
export default async function setUp(): Promise<void> {
  const there = await Promise.all(
    PROGRAMS.map((program) =>
      access(program).then(
        () => true,
        () => false,
      ),
    ),
  );
  if (process.getuid?.() !== 0) {
    throw new Error('slurmctld and slurmd want root here: run npm run test:cluster as root');
  }
  if (there.every(Boolean)) return;
  const options = { env: { DEBIAN_FRONTEND: 'noninteractive' }, stdio: 'inherit' } as const;
  await execa('apt-get', ['update'], options);
  await execa('apt-get', ['install', '-y', '--no-install-recommends', ...PACKAGES], options);
}
