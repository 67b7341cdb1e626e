// SPDX-License-Identifier: MIT
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DebianArchive } from '../debian/archive.js';
import type { Series } from '../model/patch.js';
import type { SuspectBuild } from '../model/suspect-build.js';
import type { PreparedKernel } from '../ports.js';
import { together } from '../util/together.js';
import { crossPrefix, hostArch } from '../util/toolchain.js';
import type { Work } from '../util/work.js';
import { assembleKernel, requireConfig, type Wanted } from './assemble.js';
import type { BuildTree } from './kbuild.js';
import { type GuestModules, portsAndSuspect } from './modules.js';
import { stockModule, stockWords } from './patch/module.js';
import { headersProblem, preparedTree } from './prepared-tree.js';
import { unpackSuspect } from './sources.js';
import { type DebianSpec, openArchive, resolveStock, type StockKernel } from './stock.js';
import { cachedVmlinux } from './vmlinux.js';

/**
 * Headers where they are unpacked: absolute paths of an installed package point there. For a
 * foreign kernel linux-kbuild comes from this machine's architecture: the scripts are the same,
 * and its modpost reads the ELF files of all (linux 6.1, debian/rules.d/scripts/mod).
 */
async function unpackHeaders(
  work: Work,
  archive: DebianArchive,
  stock: StockKernel,
  { unread = false } = {},
): Promise<string> {
  const { arch } = work;
  const host = hostArch() ?? arch;
  const native = host.name === arch.name;
  const on = native ? '' : `_on_${host.names.debian}`;
  const key = `${stock.abi}_${stock.image.version}${on}`;
  return work.cache.entry(
    'headers',
    key,
    async (directory, final) => {
      await archive.unpack(stock.headers, directory);
      const tools = native ? archive : await openArchive({ ...work, arch: host }, archive.suite);
      await tools.unpack(
        await Promise.all(stock.kbuild.map((pack) => tools.nearest(pack))),
        directory,
      );
      const tree = path.join(directory, 'usr/src', `linux-headers-${stock.abi}`);
      for (const name of ['Makefile', '.kernelvariables']) {
        const file = path.join(tree, name);
        const text = await readFile(file, 'utf8').catch(() => null);
        if (text === null) continue;
        await writeFile(file, text.replaceAll('/usr/src/', `${final}/usr/src/`));
      }
    },
    { bound: true, unread },
  );
}

/** The image package, unpacked, never installed. */
export async function unpackImage(
  { cache }: Pick<Work, 'cache'>,
  archive: DebianArchive,
  stock: StockKernel,
): Promise<string> {
  const parts = stock.imageParts.length === 0 ? '' : '_parts';
  return cache.entry('image', `${stock.abi}_${stock.image.version}${parts}`, async (directory) => {
    await archive.unpack([stock.image, ...stock.imageParts], directory);
  });
}

/** Where an unpacked image has its modules: below /usr, or not yet. */
export async function modulesIn(image: string): Promise<string> {
  const lib = path.join(image, 'usr/lib/modules');
  return (await readdir(lib).catch(() => null)) ? lib : path.join(image, 'lib/modules');
}

/** What the modules of a stock kernel are built against. */
interface Against {
  readonly stock: StockKernel;
  /** The package's .config. */
  readonly configText: string;
  /** Whose control is built of its sources; null: none is. */
  readonly suspect: SuspectBuild | null;
}

/**
 * The package's headers, or where they do not work here its sources, prepared. That is thousands of
 * files, of which a run that has its modules in the cache reads none: they are compared with their
 * sums just before make.
 * @throws DmraceError as {@link prepareDebianKernel} does
 */
export async function buildTree(
  work: Work,
  archive: DebianArchive,
  { stock, configText, suspect }: Against,
): Promise<BuildTree> {
  const key = `${stock.abi}_${stock.image.version}`;
  const unread = { unread: true };
  const headers = await unpackHeaders(work, archive, stock, unread);
  const unpackSources = (options = {}): Promise<string> =>
    suspect ? unpackSuspect(work, archive, stock.source, suspect, options) : Promise.resolve('');
  const sources = await unpackSources(unread);
  const why = await headersProblem(headers, stock.abi);
  let checking: Promise<void> | null = null;
  const check = async (): Promise<void> => {
    await unpackHeaders(work, archive, stock);
    await unpackSources();
  };
  // Several modules are built at the same time.
  const whole = (): Promise<void> => {
    checking ??= check().finally(() => {
      checking = null;
    });
    return checking;
  };
  if (why === null) {
    const directory = path.join(headers, 'usr/src', `linux-headers-${stock.abi}`);
    return { key, directory, sources, version: stock.image.version, whole };
  }
  const prepared = (options = {}): Promise<string> =>
    preparedTree(work, archive, { stock, headers, configText, why, whole }, options);
  return {
    key: `${key}_prepared_kept`,
    directory: await prepared(unread),
    sources,
    version: stock.image.version,
    whole: async () => {
      await whole();
      await prepared();
    },
    cc: `${crossPrefix(work.arch)}gcc`,
    release: stock.abi,
  };
}

/** A stock kernel, and what is wanted of it. */
export interface DebianRequest {
  readonly spec: DebianSpec;
  /** On top of the suspect's sources; null for the package's own module. */
  readonly series: Series | null;
  readonly wanted: Wanted;
}

/**
 * A stock Debian kernel with everything the race needs: its own module of the suspect untouched as
 * the subject, the control's and the helper module built against its headers.
 * @param spec as given with --kernel
 * @throws DmraceError (environment) when it cannot be had; (inconclusive) when it cannot run the
 *   race or what is built for it does not fit; AbortError after an interrupt.
 */
export async function prepareDebianKernel(
  work: Work,
  spec: string,
  { spec: request, series, wanted }: DebianRequest,
): Promise<PreparedKernel> {
  const { arch } = work;
  const { suspect } = wanted;
  const { archive, stock } = await resolveStock(work, request);
  const modulesOf = async (own: Work, image: string): Promise<GuestModules> => {
    const from = await modulesIn(image);
    return portsAndSuspect(own, `${stock.abi}_${stock.image.version}`, from, suspect);
  };
  const usual = arch.kernel.debianFlavour;
  const given = request.flavour !== null && request.flavour !== usual;
  const where = request.suite ?? request.version;
  const of = (own: Work): DebianArchive => new DebianArchive(own, archive.suite);
  // The sources are most of what is fetched, and none but the control waits for them.
  const [{ image, configText, configFile, modules }] = await together(work, [
    async (own) => {
      const image = await unpackImage(own, of(own), stock);
      const configFile = await imageFile(image, stock.abi, 'config');
      const configText = await readFile(configFile, 'utf8');
      requireConfig(
        {
          text: configText,
          what: `${stock.image.name} ${stock.image.version}`,
          file: configFile,
          instead: given ? `use --kernel debian${where === null ? '' : `:${where}`}/${usual}` : '',
        },
        suspect,
      );
      return { image, configText, configFile, modules: await modulesOf(own, image) };
    },
    (own) => unpackHeaders(own, of(own), stock, { unread: true }),
    (own) => unpackSuspect(own, of(own), stock.source, suspect, { unread: true }),
  ]);
  const tree = await buildTree(work, archive, { stock, configText, suspect });
  const identity = { release: stock.abi, version: stock.image.version, arch: arch.name };
  return assembleKernel(
    work,
    {
      spec,
      release: stock.abi,
      version: `Debian ${stock.image.version}${stockWords(series, suspect)}`,
      vmlinux: await cachedVmlinux(work.cache, identity),
      image: await imageFile(image, stock.abi, 'vmlinuz'),
      configText,
      configFile,
      tree,
      portModules: modules.ports,
      ...(await stockModule(work, modules.suspect, series, {
        what: `${stock.image.name} ${stock.image.version}`,
        tree,
        suspect,
        instead: `--kernel src:$(dmrace kernel fetch --source ${spec})`,
      })),
    },
    wanted,
  );
}

/**
 * `config` or `vmlinuz` of an unpacked image: in /boot with the ABI behind its name, or beside the
 * modules, as forky has it since 7.x.
 */
export async function imageFile(image: string, abi: string, name: string): Promise<string> {
  const boot = path.join(image, 'boot');
  const [found] = (await readdir(boot).catch(() => [])).filter((file) =>
    file.startsWith(name === 'vmlinuz' ? 'vmlinu' : `${name}-`),
  );
  return found === undefined
    ? path.join(image, 'usr/lib/modules', abi, name)
    : path.join(boot, found);
}
