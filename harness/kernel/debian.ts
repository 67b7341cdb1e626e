// SPDX-License-Identifier: GPL-2.0-only
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { DebianArchive } from '../debian/archive.js';
import type { Arch } from '../model/arch/index.js';
import type { PreparedKernel, Report } from '../ports.js';
import type { Cache } from '../util/cache.js';
import { crossPrefix, hostArch } from '../util/toolchain.js';
import { assembleKernel, requireConfig } from './assemble.js';
import type { BuildTree } from './kbuild.js';
import { portsAndDm } from './modules.js';
import { headersProblem, preparedTree } from './prepared-tree.js';
import { unpackMd } from './sources.js';
import { type DebianSpec, openArchive, resolveStock, type StockKernel } from './stock.js';

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
  signal: AbortSignal,
): Promise<string> {
  const host = hostArch() ?? arch;
  const native = host.name === arch.name;
  const on = native ? '' : `_on_${host.names.debian}`;
  const key = `${stock.abi}_${stock.image.version}${on}`;
  return cache.entry('headers', key, async (directory, final) => {
    await archive.unpack(stock.headers, directory);
    const tools = native ? archive : await openArchive(cache, archive.suite, host, report, signal);
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

/** The image package, unpacked, never installed. */
async function unpackImage(
  cache: Cache,
  archive: DebianArchive,
  stock: StockKernel,
): Promise<string> {
  const parts = stock.imageParts.length === 0 ? '' : '_parts';
  return cache.entry('image', `${stock.abi}_${stock.image.version}${parts}`, async (directory) => {
    await archive.unpack([stock.image, ...stock.imageParts], directory);
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
  signal: AbortSignal,
): Promise<PreparedKernel> {
  const { archive, stock } = await resolveStock(cache, arch, request, report, signal);
  const image = await unpackImage(cache, archive, stock);
  const configFile = await imageFile(image, stock.abi, 'config');
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

  const headers = await unpackHeaders(cache, archive, stock, arch, report, signal);
  const why = await headersProblem(headers, stock.abi);
  const key = `${stock.abi}_${stock.image.version}`;
  const tree: BuildTree = {
    key: why === null ? key : `${key}_prepared_btf`,
    directory:
      why === null
        ? path.join(headers, 'usr/src', `linux-headers-${stock.abi}`)
        : await preparedTree(cache, archive, stock, headers, configText, why, arch, report, signal),
    md: await unpackMd(cache, archive, stock.source, report, signal),
    version: stock.image.version,
    ...(why === null ? {} : { cc: `${crossPrefix(arch)}gcc`, release: stock.abi }),
  };
  const lib = path.join(image, 'usr/lib/modules');
  const from = (await readdir(lib).catch(() => null)) ? lib : path.join(image, 'lib/modules');
  const modules = await portsAndDm(cache, key, from, arch);
  return assembleKernel(
    cache,
    {
      spec,
      release: stock.abi,
      version: `Debian ${stock.image.version}`,
      image: await imageFile(image, stock.abi, 'vmlinuz'),
      configText,
      configFile,
      tree,
      portModules: modules.ports,
      dmMod: modules.dmMod,
    },
    arch,
    report,
    signal,
  );
}

/**
 * `config` or `vmlinuz` of an unpacked image: in /boot with the ABI behind its name, or beside the
 * modules, as forky has it since 7.x.
 */
async function imageFile(image: string, abi: string, name: string): Promise<string> {
  const boot = path.join(image, 'boot');
  const [found] = (await readdir(boot).catch(() => [])).filter((file) =>
    file.startsWith(name === 'vmlinuz' ? 'vmlinu' : `${name}-`),
  );
  return found === undefined
    ? path.join(image, 'usr/lib/modules', abi, name)
    : path.join(boot, found);
}
