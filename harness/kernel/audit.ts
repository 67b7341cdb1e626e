// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseKernelConfig } from '../model/kernel.js';
import type { AuditFiles, AuditKernel } from '../ports.js';
import type { Work } from '../util/work.js';
import { patchesOf, requireVermagic } from './assemble.js';
import { type Auditable, type AuditKernelRequest, withAuditable } from './auditable.js';
import { buildAuditModule, buildAuditPlanted } from './kbuild.js';
import { gatherModules } from './modules.js';

/** What the guest needs before it has its ports and its disk: a name that is built in is left out. */
const FIRST_MODULES = ['virtio_pci', 'virtio_console', 'virtio_blk', 'ext4'];

/** ext4 asks the crypto layer for it by name, which no dependency tells; newer kernels have it builtin. */
const CHECKSUM = 'crc32c_generic';

/**
 * The files of a kernel that is to be audited: any that `--kernel` takes, untouched. Nothing of ours is
 * built for it.
 * @throws DmraceError as {@link withAuditable} does; AbortError
 */
export const auditFiles = (work: Work, request: AuditKernelRequest): Promise<AuditFiles> =>
  withAuditable(work, request, (kernel) => filesOf(work, kernel));

/**
 * A kernel ready for an audit's guests, with our module and the planted ones.
 * @throws DmraceError as {@link auditFiles} does; (inconclusive) when our modules do not build for it
 */
export const prepareAuditKernel = (work: Work, request: AuditKernelRequest): Promise<AuditKernel> =>
  withAuditable(work, request, (kernel) => assemble(work, kernel));

async function filesOf(work: Work, kernel: Auditable): Promise<AuditFiles> {
  const { build } = kernel;
  return {
    identity: {
      spec: kernel.spec,
      release: kernel.release,
      arch: work.arch.name,
      preempt: 'as it boots',
      configSha256: sha256(kernel.configText),
      version: kernel.version,
      imageSha256: sha256(await readFile(kernel.image)),
      ...(build === undefined ? {} : { build }),
      ...patchesOf(kernel),
    },
    arch: work.arch,
    image: kernel.image,
    config: parseKernelConfig(kernel.configText),
    modules: kernel.modules,
  };
}

async function assemble(work: Work, kernel: Auditable): Promise<AuditKernel> {
  const tree = await kernel.tree();
  const auditModule = await buildAuditModule(work, tree);
  const planted = await buildAuditPlanted(work, tree);
  await requireVermagic([auditModule, ...planted], { release: kernel.release, tree });
  return {
    ...(await filesOf(work, kernel)),
    portModules: await firstModules(work, kernel),
    auditModule,
    planted,
  };
}

const sha256 = (content: string | Uint8Array): string =>
  createHash('sha256').update(content).digest('hex');

async function firstModules({ cache }: Work, { key, modules }: Auditable): Promise<string[]> {
  const entry = await cache.entry('modules', `${key}_audit2`, async (directory) => {
    const all = path.join(directory, 'all');
    await mkdir(all);
    const checksum = (await readdir(modules, { recursive: true })).some((name) =>
      path.basename(name).startsWith(`${CHECKSUM}.ko`),
    );
    const wanted = [...(checksum ? [CHECKSUM] : []), ...FIRST_MODULES];
    const files = await gatherModules(modules, wanted, all);
    const order = files.map((file) => `${path.basename(file)}\n`).join('');
    await writeFile(path.join(directory, 'order'), order);
  });
  const order = (await readFile(path.join(entry, 'order'), 'utf8')).trim().split('\n');
  return order.filter(Boolean).map((file) => path.join(entry, 'all', file));
}
