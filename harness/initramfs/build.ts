// SPDX-License-Identifier: GPL-2.0-only
import {
  chmod,
  copyFile,
  cp,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import prettyBytes from 'pretty-bytes';
import type { Arch } from '../model/arch/index.js';
import type { Placement } from '../model/placement.js';
import type { PreparedKernel, Report } from '../ports.js';
import { assets } from '../util/assets.js';
import { type Cache, contentKey } from '../util/cache.js';
import { runTool } from '../util/command.js';
import { recipe } from '../util/recipe.js';
import { crossPrefix } from '../util/toolchain.js';
import { recordHeader } from './record-header.js';
import { guestUserland } from './userland.js';

const seconds = (since: number): string => `${((Date.now() - since) / 1000).toFixed(1)} s`;

/** Every file below a folder, sorted, so that keys do not depend on the file system's order. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

/** Relative names and no build id: the same sources give the same bytes wherever they lie. */
const FLAGS = [
  ...['-static', '-O2', '-Wall', '-Wextra', '-Werror', '-D_GNU_SOURCE'],
  ...['-Wl,--build-id=none', '-s'],
];

/** The guest's one program of ours, static. */
export async function guestProgram(
  cache: Cache,
  arch: Arch,
  report: Report,
  signal?: AbortSignal,
): Promise<string> {
  const header = recordHeader();
  const files = await filesBelow(assets('vm'));
  const texts = await Promise.all(files.map((file) => readFile(file)));
  const compiler = `${crossPrefix(arch)}gcc`;
  const version = await runTool(compiler, ['-dumpfullversion']);
  const key = contentKey([arch.name, version, ...FLAGS, header, ...texts]);
  const entry = await cache.entry('guest', key, async (directory) => {
    const started = Date.now();
    const build = path.join(directory, 'vm');
    await cp(assets('vm'), build, { recursive: true });
    await writeFile(path.join(build, 'guest/record-kinds.h'), header);
    const sources = (await readdir(path.join(build, 'guest')))
      .filter((f) => f.endsWith('.c'))
      .sort();
    await runTool(compiler, [...FLAGS, '-o', '../../dmrace-guest', ...sources], {
      cwd: path.join(build, 'guest'),
      ...(signal === undefined ? {} : { signal }),
    });
    await rm(build, { recursive: true });
    const { size } = await stat(path.join(directory, 'dmrace-guest'));
    report(`built the guest’s program: ${prettyBytes(size)} in ${seconds(started)}`);
  });
  return path.join(entry, 'dmrace-guest');
}

/**
 * The initramfs of one placement: the same inputs give the same bytes.
 * @param helper whether the helper module is in it; the guest loads it when it is there
 */
export async function buildInitramfs(
  cache: Cache,
  kernel: PreparedKernel,
  placement: Placement,
  helper: boolean,
  report: Report,
  signal?: AbortSignal,
): Promise<string> {
  const told = cache.telling(report);
  const userland = await guestUserland(told, kernel.arch, report, signal);
  const program = await guestProgram(told, kernel.arch, report, signal);
  const init = assets('vm/init');
  const contents = await Promise.all(
    [
      init,
      program,
      kernel.dmMod[placement],
      ...kernel.portModules,
      ...(helper ? [kernel.helper] : []),
    ].map((file) => readFile(file)),
  );
  const conf = [
    `RETURN_ADDRESS='${kernel.arch.returnAddress}'`,
    `CODE_SYMBOLS='${kernel.arch.disassembly.symbols.join(' ')}'`,
    '',
  ].join('\n');
  const key = contentKey([userland, conf, kernel.portModules.join(), String(helper), ...contents]);
  const entry = await told.entry('initramfs', key, async (directory) => {
    const started = Date.now();
    const root = path.join(directory, 'root');
    await cp(path.join(userland, 'root'), root, { recursive: true, verbatimSymlinks: true });
    for (const folder of ['dev', 'etc', 'modules', 'proc', 'sys', 'tmp']) {
      await mkdir(path.join(root, folder), { recursive: true });
    }
    await copyFile(init, path.join(root, 'init'));
    await copyFile(program, path.join(root, 'bin/dmrace-guest'));
    if (helper) await copyFile(kernel.helper, path.join(root, 'modules/dmrace_helper.ko'));
    await copyFile(kernel.dmMod[placement], path.join(root, 'modules/dm-mod.ko'));
    for (const file of kernel.portModules) {
      await copyFile(file, path.join(root, 'modules', path.basename(file)));
    }
    const order = kernel.portModules.map((file) => `${path.basename(file)}\n`).join('');
    await writeFile(path.join(root, 'modules/order'), order);
    await writeFile(path.join(root, 'etc/dmrace.conf'), conf);
    await chmod(path.join(root, 'init'), 0o755);
    await pack(root, path.join(directory, 'initramfs.cpio'));
    await rm(root, { recursive: true });
    const { size } = await stat(path.join(directory, 'initramfs.cpio'));
    report(
      `built the initramfs of the ${placement} placement: ${prettyBytes(size)} in ${seconds(started)}`,
    );
  });
  return path.join(entry, 'initramfs.cpio');
}

/** cpio in the kernel's newc form (Documentation/driver-api/early-userspace/buffer-format.rst). */
async function pack(root: string, archive: string): Promise<void> {
  await recipe(root)`
    find . -exec touch -h -d @0 {} +
    find . ! -type l -exec chmod go-w {} +
    find . -print0 | LC_ALL=C sort -z |
      cpio -0 -o -H newc -R 0:0 --reproducible --quiet >${archive}`;
}
