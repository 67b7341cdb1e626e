// SPDX-License-Identifier: GPL-2.0-only
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DebianArchive, hostSuite, type Package } from '../debian/archive.js';
import type { Arch } from '../model/arch/index.js';
import { DmraceError } from '../model/errors.js';
import { configProblems, type KernelSpec, parseKernelConfig, preemption } from '../model/kernel.js';
import type { PreparedKernel, Report } from '../ports.js';
import type { Cache } from '../util/cache.js';
import { runTool } from '../util/command.js';
import { recipe } from '../util/recipe.js';
import { hostArch } from '../util/toolchain.js';
import { type BuildTree, buildControl, buildHelper } from './kbuild.js';
import { gatherModules } from './modules.js';

/** The packages that make up one stock kernel. */
interface StockKernel {
  readonly image: Package;
  /** Of the kernel's architecture. */
  readonly headers: readonly Package[];
  /** kbuild's own programs (fixdep, modpost), which run on this machine: of its architecture. */
  readonly kbuild: readonly Package[];
  readonly source: Package;
  /** The name after `linux-image-`. */
  readonly abi: string;
}

/** Which suites are looked through for a version, the host's first. */
const SUITES_FOR_VERSION = ['trixie', 'trixie-backports', 'sid', 'experimental'];

async function openArchive(
  cache: Cache,
  suite: string,
  arch: Arch,
  report: Report,
): Promise<DebianArchive> {
  const archive = new DebianArchive(cache, suite, arch.names.debian, report);
  await archive.refresh();
  return archive;
}

/** The newest image of a flavour whose version begins with `prefix` (empty: what the suite has now). */
async function findImage(
  archive: DebianArchive,
  flavour: string,
  prefix: string,
): Promise<Package | null> {
  const metas = prefix === '' ? [`linux-image-${flavour}`] : [`linux-image-${prefix}-${flavour}`];
  for (const meta of [...metas, `linux-image-${flavour}`]) {
    const version = await archive.candidate(meta);
    if (version === null || !version.startsWith(prefix)) continue;
    const [depends] = await archive.depends({ name: meta, version });
    const name = depends === undefined ? undefined : /^(linux-image-\S+)/.exec(depends)?.[1];
    if (name !== undefined) return (await archive.require([name]))[0] ?? null;
  }
  if (prefix === '') return null;
  const escaped = prefix.replaceAll('.', '\\.').replaceAll('+', '\\+');
  // Nothing but the ABI's number stands between: `6.1.0-56-arm64` is no `6.1.0-56-rt-arm64`.
  const all = await archive.find(
    new RegExp(`^linux-image-${escaped}(?![0-9])[^-]*(-\\d[^-]*)?-${flavour}$`),
  );
  const real = all.filter((pack) => pack.name !== `linux-image-${prefix}-${flavour}`);
  return real.at(-1) ?? null;
}

const KBUILD = /^linux-kbuild-/;

/** Headers and source that belong to an image, by their exact version. */
async function companions(archive: DebianArchive, image: Package): Promise<StockKernel> {
  const abi = image.name.replace(/^linux-image-/, '');
  const headers: Package = { name: `linux-headers-${abi}`, version: image.version };
  const needed = (await archive.depends(headers))
    .map((entry) => /^(linux-(?:headers|kbuild)-\S+)/.exec(entry)?.[1])
    .filter((name): name is string => name !== undefined);
  const parts = await archive.require(needed);
  const series = /^(\d+\.\d+)/.exec(image.version)?.[1] ?? '';
  return {
    image,
    headers: [headers, ...parts.filter((pack) => !KBUILD.test(pack.name))],
    kbuild: parts.filter((pack) => KBUILD.test(pack.name)),
    source: { name: `linux-source-${series}`, version: image.version },
    abi,
  };
}

type DebianSpec = Extract<KernelSpec, { from: 'debian' }>;

/** Looks a stock kernel up. @throws DmraceError (environment) when no suite has it. */
async function resolveStock(
  cache: Cache,
  arch: Arch,
  { suite, version, flavour }: DebianSpec,
  report: Report,
): Promise<{ archive: DebianArchive; stock: StockKernel }> {
  const host = await hostSuite();
  const suites =
    suite !== null ? [suite] : version === null ? [host] : [host, ...SUITES_FOR_VERSION];
  for (const candidate of new Set(suites)) {
    const archive = await openArchive(cache, candidate, arch, report);
    const image = await findImage(archive, flavour ?? arch.kernel.debianFlavour, version ?? '');
    if (image) return { archive, stock: await companions(archive, image) };
  }
  throw new DmraceError('environment', {
    observed: `no linux-image ${version ?? ''}-${flavour ?? arch.kernel.debianFlavour} in ${[...new Set(suites)].join(', ')}`,
    action: 'choose a version, a suite and a flavour that Debian’s archive has now',
  });
}

/**
 * Headers where they are unpacked: absolute paths of an installed package point there. For a
 * foreign kernel linux-kbuild comes from this machine's architecture: the scripts are the same,
 * and its modpost reads the ELF files of all (linux 6.1, debian/rules.d/scripts/mod).
 */
async function unpackHeaders(
  cache: Cache,
  archive: DebianArchive,
  stock: StockKernel,
  arch: Arch,
  report: Report,
): Promise<string> {
  const host = hostArch() ?? arch;
  const native = host.name === arch.name;
  const on = native ? '' : `_on_${host.names.debian}`;
  const key = `${stock.abi}_${stock.image.version}${on}`;
  return cache.entry('headers', key, async (directory, final) => {
    await archive.unpack(stock.headers, directory);
    const tools = native ? archive : await openArchive(cache, archive.suite, host, report);
    await tools.unpack(stock.kbuild, directory);
    const tree = path.join(directory, 'usr/src', `linux-headers-${stock.abi}`);
    for (const name of ['Makefile', '.kernelvariables']) {
      const file = path.join(tree, name);
      const text = await readFile(file, 'utf8').catch(() => null);
      if (text === null) continue;
      await writeFile(file, text.replaceAll('/usr/src/', `${final}/usr/src/`));
    }
  });
}

/**
 * Debian's headers call the compiler that built the kernel by its name (`gcc-12` in
 * .kernelvariables). @throws DmraceError (environment) when it is not installed.
 */
async function requireCompiler(tree: string): Promise<void> {
  const text = await readFile(path.join(tree, '.kernelvariables'), 'utf8').catch(() => '');
  const compiler = /\bgcc-\d+\b/.exec(text)?.[0];
  if (compiler === undefined) return;
  await runTool(compiler, ['--version']).catch(() => {
    throw new DmraceError('environment', {
      observed: `${path.basename(tree)} wants the compiler ${compiler}, which is not installed`,
      action: `apt-get install ${compiler}, or choose a kernel built with a compiler of this suite`,
    });
  });
}

/** drivers/md of the matching source package. */
async function unpackMd(
  cache: Cache,
  archive: DebianArchive,
  stock: StockKernel,
  report: Report,
): Promise<string> {
  const key = `${stock.source.name}_${stock.source.version}`;
  const entry = await cache.entry('md', key, async (directory) => {
    const deb = await archive.download(stock.source);
    const started = Date.now();
    const { name } = stock.source;
    await recipe(directory)`
      dpkg-deb --fsys-tarfile ${deb} | tar -xO ${`./usr/src/${name}.tar.xz`} | xz -dc -T0 |
        tar -x --strip-components=2 ${`${name}/drivers/md`}`;
    report(
      `unpacked drivers/md of ${stock.source.name} in ${((Date.now() - started) / 1000).toFixed(1)} s`,
    );
  });
  return path.join(entry, 'md');
}

/** The image package, unpacked, never installed. */
async function unpackImage(
  cache: Cache,
  archive: DebianArchive,
  stock: StockKernel,
): Promise<string> {
  return cache.entry('image', `${stock.abi}_${stock.image.version}`, async (directory) => {
    await archive.unpack([stock.image], directory);
  });
}

/**
 * @param instead a kernel of the same kind that can run the race, for the error's action
 * @throws DmraceError (inconclusive) that names every problem at once.
 */
export function requireConfig(text: string, what: string, file: string, instead = ''): void {
  const problems = configProblems(parseKernelConfig(text));
  if (problems.length === 0) return;
  throw new DmraceError('inconclusive', {
    observed: `${what} cannot run the race: ${problems.map((p) => p.observed).join('; ')}`,
    artefact: file,
    action: [...(instead === '' ? [] : [instead]), ...problems.map((p) => p.action)].join('\n  '),
  });
}

/**
 * A stock Debian kernel with everything the race needs: its own dm-mod.ko untouched as the subject,
 * the control's dm-mod.ko and the helper module built against its headers.
 */
export async function prepareDebianKernel(
  cache: Cache,
  spec: string,
  arch: Arch,
  request: DebianSpec,
  report: Report,
): Promise<PreparedKernel> {
  const { archive, stock } = await resolveStock(cache, arch, request, report);
  const image = await unpackImage(cache, archive, stock);
  const configFile = path.join(image, 'boot', `config-${stock.abi}`);
  const configText = await readFile(configFile, 'utf8');
  const usual = arch.kernel.debianFlavour;
  const given = request.flavour !== null && request.flavour !== usual;
  const where = request.suite ?? request.version;
  requireConfig(
    configText,
    `${stock.image.name} ${stock.image.version}`,
    configFile,
    given ? `use --kernel debian${where === null ? '' : `:${where}`}/${usual}` : '',
  );

  const headers = await unpackHeaders(cache, archive, stock, arch, report);
  await requireCompiler(path.join(headers, 'usr/src', `linux-headers-${stock.abi}`));
  const tree: BuildTree = {
    key: `${stock.abi}_${stock.image.version}`,
    directory: path.join(headers, 'usr/src', `linux-headers-${stock.abi}`),
    md: await unpackMd(cache, archive, stock, report),
    version: stock.image.version,
  };
  const helper = await buildHelper(cache, tree, arch, report);
  const control = await buildControl(cache, tree, arch, report);
  const modules = await kernelModules(cache, tree.key, image, arch);
  const config = parseKernelConfig(configText);
  const preempt = preemption(config);
  return {
    identity: {
      spec,
      release: stock.abi,
      arch: arch.name,
      preempt: preempt.ok ? preempt.says : 'none',
      configSha256: createHash('sha256').update(configText).digest('hex'),
      version: `Debian ${stock.image.version}`,
    },
    arch,
    image: await bootImage(image),
    config,
    preemptParameter: preempt.ok ? preempt.parameter : '',
    portModules: modules.ports,
    helper,
    dmMod: { builtin: modules.dmMod, 'in-module': control },
  };
}

async function bootImage(image: string): Promise<string> {
  const name = (await readdir(path.join(image, 'boot'))).find((file) => file.startsWith('vmlinu'));
  return path.join(image, 'boot', name ?? 'vmlinuz');
}

/** The modules that the guest loads, uncompressed, in order. */
async function kernelModules(
  cache: Cache,
  key: string,
  image: string,
  arch: Arch,
): Promise<{ ports: string[]; dmMod: string }> {
  const entry = await cache.entry('modules', key, async (directory) => {
    const lib = path.join(image, 'usr/lib/modules');
    const from = (await readdir(lib).catch(() => null)) ? lib : path.join(image, 'lib/modules');
    const work = path.join(directory, 'all');
    await mkdir(work);
    const ports = await gatherModules(from, arch.kernel.portModules, work);
    const dm = await gatherModules(from, ['dm_mod'], work);
    const order = [...ports, ...dm.filter((file) => !ports.includes(file))].map((file) =>
      path.basename(file),
    );
    await writeFile(path.join(directory, 'order'), `${order.join('\n')}\n`);
  });
  const order = (await readFile(path.join(entry, 'order'), 'utf8')).trim().split('\n');
  const files = order.map((name) => path.join(entry, 'all', name));
  return {
    ports: files.filter((file) => !file.endsWith('/dm_mod.ko')),
    dmMod: path.join(entry, 'all', 'dm_mod.ko'),
  };
}
