// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, realpath, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DmraceError } from '../model/errors.js';
import { type KernelSpec, parseKernelConfig, parseKernelSpec } from '../model/kernel.js';
import type { AuditKernel } from '../ports.js';
import { contentKey } from '../util/cache.js';
import type { Work } from '../util/work.js';
import { requireVermagic } from './assemble.js';
import { buildTree, imageFile, unpackImage } from './debian.js';
import { type BuildTree, buildAuditModule, buildAuditPlanted } from './kbuild.js';
import { gatherModules } from './modules.js';
import { keepImage, modulesFolder } from './prebuilt.js';
import { type DebianSpec, resolveStock } from './stock.js';

type ImageSpec = Extract<KernelSpec, { from: 'image' }>;

/** What the guest needs before it has its ports and its disk: a name that is built in is left out. */
const FIRST_MODULES = ['virtio_pci', 'virtio_console', 'virtio_blk', 'ext4'];

/** ext4 asks the crypto layer for it by name, which no dependency tells; newer kernels have it builtin. */
const CHECKSUM = 'crc32c_generic';

/** Without these options nothing of the audit works. */
const NEEDED: readonly (readonly [option: string, why: string])[] = [
  ['MODULES', 'its modules are what is audited'],
  ['MODULE_UNLOAD', 'every module is unloaded'],
  ['KALLSYMS', 'addresses are named by their symbols'],
  ['KPROBES', 'objects and callbacks are noted by probes'],
];

/** What {@link assemble} makes an audit's kernel of. */
interface Parts {
  readonly spec: string;
  /** uname -r. */
  readonly release: string;
  readonly version: string;
  readonly image: string;
  readonly configText: string;
  readonly configFile: string;
  /** /lib/modules/RELEASE. */
  readonly modules: string;
  /** Names the kernel and its modules; part of cache keys. */
  readonly key: string;
  readonly tree: BuildTree;
}

/**
 * Makes a kernel ready for an audit: any that `--kernel` takes, untouched. `debian` is the full
 * flavour here, because the cloud one has few modules.
 * @param text as given with --kernel
 * @throws DmraceError (usage) for a bad specification, and for `src:`, which is not built here;
 *   (inconclusive) for a kernel without modules, or for which ours do not build; (environment) when it
 *   cannot be had; AbortError.
 */
export async function prepareAuditKernel(work: Work, text: string): Promise<AuditKernel> {
  const spec = parseKernelSpec(text);
  switch (spec.from) {
    case 'debian':
      return debianKernel(work, text, spec);
    case 'image':
      return imageKernel(work, text, spec);
    case 'src':
      throw new DmraceError('usage', {
        observed: `--kernel ${text}: the audit does not build kernels`,
        action:
          'build it, run make modules_install INSTALL_MOD_PATH=DIR, and name image:IMAGE,modules=DIR,build=TREE',
      });
  }
}

/** A kernel that someone else built: our modules are built against its build folder or headers. */
async function imageKernel(work: Work, text: string, given: ImageSpec): Promise<AuditKernel> {
  const build = await realpath(given.build).catch(() => path.resolve(given.build));
  const configFile = path.join(build, '.config');
  const releaseFile = path.join(build, 'include/config/kernel.release');
  const [configText, releaseText] = await Promise.all(
    [configFile, releaseFile].map((file) =>
      readFile(file, 'utf8').catch(() => {
        throw new DmraceError('usage', {
          observed: `build=${given.build} has no ${path.relative(build, file)}`,
          artefact: build,
          action: 'name the folder that the kernel was built in, or its headers',
        });
      }),
    ),
  );
  requireAuditable(configText ?? '', configFile);
  const release = (releaseText ?? '').trim();
  const modules = await modulesFolder(given.modules, release);
  const image = await keepImage(work.cache, given.path);
  const symvers = await readFile(path.join(build, 'Module.symvers')).catch(() => '');
  const key = contentKey([image, release, configText ?? '', symvers]);
  return assemble(work, {
    spec: text,
    release,
    version: `prebuilt ${path.resolve(given.path)}`,
    image,
    configText: configText ?? '',
    configFile,
    modules,
    key,
    tree: { key, directory: build, sources: '', version: release },
  });
}

async function debianKernel(work: Work, text: string, asked: DebianSpec): Promise<AuditKernel> {
  const { arch } = work;
  const full = { ...asked, flavour: asked.flavour ?? arch.names.debian };
  const { archive, stock } = await resolveStock(work, full);
  const image = await unpackImage(work, archive, stock);
  const configFile = await imageFile(image, stock.abi, 'config');
  const configText = await readFile(configFile, 'utf8');
  requireAuditable(configText, configFile);
  const tree = await buildTree(work, archive, { stock, configText, suspect: null });
  const lib = path.join(image, 'usr/lib/modules');
  const from = (await readdir(lib).catch(() => null)) ? lib : path.join(image, 'lib/modules');
  return assemble(work, {
    spec: text,
    release: stock.abi,
    version: `Debian ${stock.image.version}`,
    image: await imageFile(image, stock.abi, 'vmlinuz'),
    configText,
    configFile,
    modules: path.join(from, stock.abi),
    key: `${stock.abi}_${stock.image.version}`,
    tree,
  });
}

/** @throws DmraceError (inconclusive) that names every option that is missing. */
function requireAuditable(configText: string, configFile: string): void {
  const config = parseKernelConfig(configText);
  const missing = NEEDED.filter(([option]) => config.get(option) !== 'y');
  if (missing.length === 0) return;
  throw new DmraceError('inconclusive', {
    observed: `its modules cannot be audited: ${missing.map(([option, why]) => `CONFIG_${option} is not set (${why})`).join('; ')}`,
    artefact: configFile,
    action: `set ${missing.map(([option]) => `CONFIG_${option}=y`).join(', ')}`,
  });
}

async function assemble(work: Work, parts: Parts): Promise<AuditKernel> {
  const auditModule = await buildAuditModule(work, parts.tree);
  const planted = await buildAuditPlanted(work, parts.tree);
  await requireVermagic([auditModule, ...planted], parts);
  return {
    identity: {
      spec: parts.spec,
      release: parts.release,
      arch: work.arch.name,
      preempt: 'as it boots',
      configSha256: sha256(parts.configText),
      version: parts.version,
      imageSha256: sha256(await readFile(parts.image)),
    },
    arch: work.arch,
    image: parts.image,
    config: parseKernelConfig(parts.configText),
    modules: parts.modules,
    portModules: await firstModules(work, parts),
    auditModule,
    planted,
  };
}

const sha256 = (content: string | Uint8Array): string =>
  createHash('sha256').update(content).digest('hex');

async function firstModules({ cache }: Work, { key, modules }: Parts): Promise<string[]> {
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
