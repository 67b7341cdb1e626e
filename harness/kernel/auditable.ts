// SPDX-License-Identifier: MIT
import { readFile, realpath } from 'node:fs/promises';
import path from 'node:path';
import { DmraceError } from '../model/errors.js';
import { type KernelSpec, parseKernelConfig, parseKernelSpec } from '../model/kernel.js';
import type { KernelIdentity } from '../model/kernel-identity.js';
import type { BuildRequest } from '../model/kernel-profile.js';
import type { Series } from '../model/patch.js';
import { contentKey } from '../util/cache.js';
import type { Work } from '../util/work.js';
import type { AskedConfig } from './assemble.js';
import { withAuditBuild } from './audit-source.js';
import { buildTree, imageFile, modulesIn, unpackImage } from './debian.js';
import type { BuildTree } from './kbuild.js';
import { sourceOf } from './patch/check.js';
import { readSeries } from './patch/series.js';
import { keepImage, modulesFolder } from './prebuilt.js';
import { type DebianSpec, resolveStock } from './stock.js';

type ImageSpec = Extract<KernelSpec, { from: 'image' }>;

/** Without these options nothing of the audit works. */
const NEEDED: readonly (readonly [option: string, why: string])[] = [
  ['MODULES', 'its modules are what is audited'],
  ['MODULE_UNLOAD', 'every module is unloaded'],
  ['KALLSYMS', 'addresses are named by their symbols'],
  ['KPROBES', 'objects and callbacks are noted by probes'],
];

/** A kernel that is to be audited. */
export interface AuditKernelRequest {
  /** As given with --kernel; `debian` is the full flavour here, because the cloud one has few modules. */
  readonly spec: string;
  /** How a `src:` kernel is built; nothing is cut down. */
  readonly build: BuildRequest;
}

/** What is known of a kernel before anything of ours is built for it. */
export interface Auditable {
  readonly spec: string;
  /** uname -r. */
  readonly release: string;
  readonly version: string;
  readonly image: string;
  readonly configText: string;
  /** /lib/modules/RELEASE. */
  readonly modules: string;
  /** Names the kernel and its modules; part of cache keys. */
  readonly key: string;
  /** What modules of ours are built against; fetched when it is asked for. */
  readonly tree: () => Promise<BuildTree>;
  readonly build?: KernelIdentity['build'];
  readonly series?: Series | null;
}

/**
 * A kernel that is to be audited: any that `--kernel` takes, untouched.
 * @param use what is done with it; nobody else builds from its tree meanwhile
 * @throws DmraceError (usage) for a bad specification, and for patches of a kernel that is not built
 *   here; (inconclusive) for a kernel that cannot be audited, or does not build; (environment) when it
 *   cannot be had; AbortError.
 */
export async function withAuditable<T>(
  work: Work,
  { spec: text, build }: AuditKernelRequest,
  use: (kernel: Auditable) => Promise<T>,
): Promise<T> {
  const spec = parseKernelSpec(text);
  // A wrong file is told before anything is fetched.
  const series = build.patches === undefined ? null : await readSeries(build.patches, work);
  if (spec.from !== 'src' && series !== null) refusePatches(text, spec);
  switch (spec.from) {
    case 'debian':
      return use(await debianKernel(work, text, spec));
    case 'image':
      return use(await imageKernel(work, text, spec));
    case 'src':
      return sourceKernel(work, { text, tree: spec.path, build, series }, use);
  }
}

function refusePatches(text: string, { from }: KernelSpec): never {
  throw new DmraceError('usage', {
    observed: `--patch with --kernel ${text}: the audit boots that kernel as it is, with all its modules`,
    action: `have it built from source: ${from === 'debian' ? sourceOf(text) : '--kernel src:TREE'}`,
  });
}

/** A kernel that is built here, with every module that its configuration has. */
async function sourceKernel<T>(
  work: Work,
  {
    text,
    tree: given,
    build: request,
    series,
  }: {
    readonly text: string;
    readonly tree: string;
    readonly build: BuildRequest;
    readonly series: Series | null;
  },
  use: (kernel: Auditable) => Promise<T>,
): Promise<T> {
  const asked = { tree: given, build: request, series };
  return withAuditBuild(work, asked, requireAuditable, (built, tree) =>
    use({
      spec: text,
      release: built.release,
      version: built.version,
      image: path.join(built.artefacts, 'image'),
      configText: built.configText,
      modules: path.join(built.artefacts, 'modules'),
      key: built.key,
      tree: async () => ({
        key: built.key,
        directory: built.folder,
        sources: '',
        version: tree.version,
        cc: built.cc,
      }),
      build: built.identity,
      series,
    }),
  );
}

/** A kernel that someone else built: our modules are built against its build folder or headers. */
async function imageKernel(work: Work, text: string, given: ImageSpec): Promise<Auditable> {
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
  requireAuditable({ text: configText ?? '', what: `image:${given.path}`, file: configFile });
  const release = (releaseText ?? '').trim();
  const modules = await modulesFolder(given.modules, release);
  const image = await keepImage(work.cache, given.path);
  const symvers = await readFile(path.join(build, 'Module.symvers')).catch(() => '');
  const key = contentKey([image, release, configText ?? '', symvers]);
  return {
    spec: text,
    release,
    version: `prebuilt ${path.resolve(given.path)}`,
    image,
    configText: configText ?? '',
    modules,
    key,
    tree: async () => ({ key, directory: build, sources: '', version: release }),
  };
}

async function debianKernel(work: Work, text: string, asked: DebianSpec): Promise<Auditable> {
  const { arch } = work;
  const full = { ...asked, flavour: asked.flavour ?? arch.names.debian };
  const { archive, stock } = await resolveStock(work, full);
  const image = await unpackImage(work, archive, stock);
  const configFile = await imageFile(image, stock.abi, 'config');
  const configText = await readFile(configFile, 'utf8');
  requireAuditable({ text: configText, what: stock.image.name, file: configFile });
  return {
    spec: text,
    release: stock.abi,
    version: `Debian ${stock.image.version}`,
    image: await imageFile(image, stock.abi, 'vmlinuz'),
    configText,
    modules: path.join(await modulesIn(image), stock.abi),
    key: `${stock.abi}_${stock.image.version}`,
    tree: () => buildTree(work, archive, { stock, configText, suspect: null }),
  };
}

/** @throws DmraceError (inconclusive) that names every option that is missing. */
function requireAuditable({ text, what, file }: AskedConfig): void {
  const config = parseKernelConfig(text);
  const missing = NEEDED.filter(([option]) => config.get(option) !== 'y');
  if (missing.length === 0) return;
  throw new DmraceError('inconclusive', {
    observed: `the modules of ${what} cannot be audited: ${missing.map(([option, why]) => `CONFIG_${option} is not set (${why})`).join('; ')}`,
    artefact: file,
    action: `set ${missing.map(([option]) => `CONFIG_${option}=y`).join(', ')}`,
  });
}
