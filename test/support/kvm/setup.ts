// SPDX-License-Identifier: MIT
// Set-up of `npm run test:kvm`: the disks of L1, or the reason why there can be none.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import type { TestProject } from 'vitest/node';
import { openCache } from '../../../harness/util/cache.js';
import { onPath } from '../../../harness/util/host-tools.js';
import { type Disks, makeDisks } from './root.js';

/** All of it, the making of the disks included. */
export const BOUND_MS = 40 * 60_000;

/** What the tests get. */
export interface Provided {
  readonly skip: string | null;
  readonly disks: Disks | null;
  readonly deadline: number;
}

declare module 'vitest' {
  export interface ProvidedContext {
    kvm: Provided;
  }
}

async function absent(): Promise<string | null> {
  if (process.arch !== 'x64')
    return `L1 is x86-64 and gets this machine's Node, which is ${process.arch}`;
  if (process.getuid?.() !== 0) return 'only root can make the root of L1 as it is made here';
  for (const tool of ['qemu-system-x86_64', 'mmdebstrap', 'mke2fs', 'setpriv']) {
    if (!(await onPath(tool))) return `there is no ${tool}`;
  }
  // `enforce` refuses a processor whose features TCG does not have.
  const svm = await execa(
    'qemu-system-x86_64',
    [
      ...['-nodefaults', '-display', 'none', '-machine', 'pc', '-accel', 'tcg', '-S'],
      ...['-cpu', 'qemu64,+svm,enforce', '-monitor', 'stdio'],
    ],
    { input: 'quit\n', reject: false },
  );
  return svm.exitCode === 0 ? null : `this QEMU does not emulate SVM: ${svm.stderr.trim()}`;
}

export async function setup(vitest: TestProject): Promise<() => Promise<void>> {
  const deadline = Date.now() + BOUND_MS;
  const skip = await absent();
  if (skip !== null) {
    process.stderr.write(`the nested rig is skipped: ${skip}\n`);
    vitest.provide('kvm', { skip, disks: null, deadline });
    return async () => undefined;
  }
  const work = await mkdtemp(path.join(tmpdir(), 'dmrace-kvm-'));
  const remove = (): Promise<void> => rm(work, { recursive: true, force: true });
  try {
    const disks = await makeDisks(await openCache(), work);
    vitest.provide('kvm', { skip: null, disks, deadline });
    return remove;
  } catch (error) {
    await remove();
    throw error;
  }
}
