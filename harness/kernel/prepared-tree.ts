// SPDX-License-Identifier: MIT
import { access, copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import type { DebianArchive } from '../debian/archive.js';
import { DmraceError } from '../model/errors.js';
import { type KernelConfig, parseKernelConfig } from '../model/kernel.js';
import type { EntryOptions } from '../util/cache.js';
import { requireTools } from '../util/host-tools.js';
import { crossPrefix } from '../util/toolchain.js';
import type { Work } from '../util/work.js';
import { runMake } from './compile.js';
import { compareVersions, requireCompilerFor } from './source-tree.js';
import { unpackSource } from './sources.js';
import type { StockKernel } from './stock.js';

/**
 * Why the prebuilt headers of a kernel cannot be used here: another compiler than is installed, or
 * kbuild programs linked against a newer libc. Null when they can.
 */
export async function headersProblem(headers: string, abi: string): Promise<string | null> {
  const tree = path.join(headers, 'usr/src', `linux-headers-${abi}`);
  const variables = await readFile(path.join(tree, '.kernelvariables'), 'utf8').catch(() => '');
  const compiler = /\b[\w-]*gcc-\d+\b/.exec(variables)?.[0];
  if (compiler !== undefined && (await execa(compiler, ['--version'], { reject: false })).failed) {
    return `they name the compiler ${compiler}, which is not installed`;
  }
  const kbuild = (await readdir(path.join(headers, 'usr/lib')).catch(() => [])).find((name) =>
    name.startsWith('linux-kbuild-'),
  );
  if (kbuild === undefined) return null;
  const fixdep = path.join(headers, 'usr/lib', kbuild, 'scripts/basic/fixdep');
  // Without arguments it prints its usage and exits with 1; 127 or no start is the loader's.
  const tried = await execa(fixdep, [], { reject: false });
  const said = `${tried.stderr}`.split('\n').find((line) => /GLIBC|loading shared/.test(line));
  if (said !== undefined) return `their programs do not run here: ${said.trim()}`;
  return tried.exitCode === undefined ? `${fixdep} cannot be run` : null;
}

/**
 * What modules of ours need of the sources. They are built elsewhere, so the code of drivers stays
 * packed: 0.4 instead of 1.7 GB. Kconfig files must all be there.
 */
const PARTS = [
  '--strip-components=1',
  '--wildcards',
  '--wildcards-match-slash',
  '--exclude=NAME/Documentation/*/*',
  '--exclude=NAME/arch/*/boot/dts/*',
  '--exclude=NAME/drivers/*.[chS]',
  '--exclude=NAME/fs/*.[ch]',
  '--exclude=NAME/net/*.[ch]',
  '--exclude=NAME/sound/*.[ch]',
  '--exclude=NAME/tools/testing/*',
  '--exclude=NAME/tools/perf/*',
];

const FIRST_OWN_RT = '6.12';

/**
 * PREEMPT_RT is in the kernel's own tree since v6.12 (kernel/Kconfig.preempt). Before that Debian's
 * linux-source has it as a patch beside the tree, and `make olddefconfig` drops the option: modules
 * would be built for another kernel than the one that is booted.
 * @throws DmraceError (inconclusive). Exported for its test.
 */
export function requireOwnRt(
  configText: string,
  stock: Pick<StockKernel, 'abi' | 'source'>,
  why: string,
): void {
  const series = /^\d+\.\d+/.exec(stock.source.version)?.[0] ?? '';
  if (parseKernelConfig(configText).get('PREEMPT_RT') !== 'y') return;
  if (compareVersions(series, FIRST_OWN_RT) >= 0) return;
  throw new DmraceError('inconclusive', {
    observed: `${stock.abi} is PREEMPT_RT, which is a patch beside the sources of ${series}: its modules can only be built with its own headers, and ${why}`,
    limit: `in the sources since ${FIRST_OWN_RT}`,
    action: 'take another flavour or version, or a machine on which those headers work',
  });
}

/** A stock kernel whose own headers do not work here. */
export interface Unusable {
  readonly stock: StockKernel;
  /** Where the headers were unpacked, for their Module.symvers. */
  readonly headers: string;
  /** The package's .config. */
  readonly configText: string;
  /** Why they do not work, for people. */
  readonly why: string;
  /** Makes the headers again where they are damaged. */
  readonly whole: () => Promise<void>;
}

/**
 * A tree to build modules against where the package's own headers do not work: the matching
 * linux-source with the package's .config and Module.symvers, and `make modules_prepare` with this
 * machine's compiler. Neither BTF nor signatures are made. The release is the package's, so
 * vermagic fits; the symbol versions come from the package's Module.symvers.
 * @returns the folder, for `make -C`.
 * @throws DmraceError (inconclusive) when the sources cannot give such a tree; (environment) when
 *   build tools or the sources cannot be had; AbortError after an interrupt.
 */
export async function preparedTree(
  work: Work,
  archive: DebianArchive,
  { stock, headers, configText, why, whole }: Unusable,
  options: Pick<EntryOptions, 'unread'> = {},
): Promise<string> {
  const { cache, arch, say } = work;
  requireOwnRt(configText, stock, why);
  await requireTools(arch, 'kernels');
  const gcc = `${crossPrefix(arch)}gcc`;
  const source = (how = {}): Promise<string> =>
    unpackSource(work, archive, stock.source, { kind: 'kbuild', tar: PARTS }, how);
  const tree = await source(options);
  const compiler = await requireCompilerFor(tree, arch);
  const key = `${stock.abi}_${stock.image.version}_gcc${compiler}_kept`;
  return cache.entry(
    'prepared',
    key,
    async (directory, final) => {
      await whole();
      await source();
      await requireStill(headers, stock, why);
      say(`headers of ${stock.abi}: ${why}; preparing its sources with gcc ${compiler}`);
      const started = performance.now();
      await writeFile(path.join(directory, '.config'), configText);
      const symvers = path.join(headers, 'usr/src', `linux-headers-${stock.abi}`, 'Module.symvers');
      await access(symvers).catch(() => {
        throw new DmraceError('environment', {
          observed: `linux-headers-${stock.abi} has no Module.symvers`,
          artefact: symvers,
          action: 'choose another version',
        });
      });
      const make = [
        '-C',
        tree,
        `O=${directory}`,
        `ARCH=${arch.names.kernel}`,
        ...(crossPrefix(arch) === '' ? [] : [`CROSS_COMPILE=${crossPrefix(arch)}`]),
        `CC=${gcc}`,
        `KERNELRELEASE=${stock.abi}`,
      ];
      for (const target of ['olddefconfig', 'modules_prepare']) {
        await runMake(work, {
          arguments: [`-j${availableParallelism()}`, ...make, target],
          log: path.join(cache.root, `prepared-${stock.abi}-${target}.log`),
          expected: null,
          what: `${target} of ${stock.source.name} ${stock.source.version}`,
        });
      }
      await copyFile(symvers, path.join(directory, 'Module.symvers'));
      await keepStructs(configText, directory);
      await renamePaths(directory, final);
      const changed = await changedOptions(configText, directory);
      say(
        `prepared ${stock.source.name} in ${((performance.now() - started) / 1000).toFixed(0)} s; ${changed} options differ by compiler`,
      );
    },
    { ...options, bound: true },
  );
}

/**
 * Headers that did not work because they were damaged do now.
 * @throws DmraceError (environment, `cache-mended`) then: the work is to be done again
 */
async function requireStill(headers: string, stock: StockKernel, why: string): Promise<void> {
  if ((await headersProblem(headers, stock.abi)) !== null) return;
  throw new DmraceError(
    'environment',
    {
      observed: `the headers of ${stock.abi} in the cache were damaged (${why}) and were made again`,
      artefact: headers,
      action: 'run again',
    },
    'cache-mended',
  );
}

/** What a compiler, an assembler or a linker is able to do: these are ours. */
const OF_TOOLS = /^(?:AS|CC|CLANG|GCC|LD|LLD|PAHOLE|RUST|RUSTC|TOOLS)_/;

/**
 * Options that the package's image was built with and that Kconfig drops here, sorted: without pahole
 * DEBUG_INFO_BTF, and what depends on it (6.12: kernel/Kconfig.preempt, SCHED_CLASS_EXT).
 */
export function droppedHere(image: KernelConfig, here: KernelConfig): string[] {
  return [...image]
    .filter(([name, value]) => value === 'y' && !here.has(name) && !OF_TOOLS.test(name))
    .map(([name]) => name)
    .sort();
}

/**
 * Fields of structs depend on options: the kernel would find `init` of struct module at another
 * offset and refuse it ("Invalid relocation target"), and a module of ours would find the lists of
 * task_struct at others. The C code is told what the image was built with; make is not, so it wants no
 * pahole.
 */
async function keepStructs(configText: string, directory: string): Promise<void> {
  const file = path.join(directory, 'include/generated/autoconf.h');
  const here = parseKernelConfig(await readFile(path.join(directory, '.config'), 'utf8'));
  const dropped = droppedHere(parseKernelConfig(configText), here);
  const text = await readFile(file, 'utf8');
  await writeFile(file, text + dropped.map((name) => `#define CONFIG_${name} 1\n`).join(''));
}

/** The build folder is renamed into place; its Makefile names itself (kbuild, outputmakefile). */
async function renamePaths(directory: string, final: string): Promise<void> {
  const file = path.join(directory, 'Makefile');
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text !== null) await writeFile(file, text.replaceAll(directory, final));
}

async function changedOptions(before: string, directory: string): Promise<number> {
  const old = parseKernelConfig(before);
  const now = parseKernelConfig(await readFile(path.join(directory, '.config'), 'utf8'));
  const names = new Set([...old.keys(), ...now.keys()]);
  return [...names].filter((name) => old.get(name) !== now.get(name)).length;
}
