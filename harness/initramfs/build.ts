// SPDX-License-Identifier: MIT
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
import type { GuestSetUp } from '../model/guest-set-up.js';
import type { Placement } from '../model/placement.js';
import { modulesOf, type PreparedKernel } from '../ports.js';
import { assets } from '../util/assets.js';
import { contentKey } from '../util/cache.js';
import { runTool } from '../util/command.js';
import { shell } from '../util/shell.js';
import { crossPrefix } from '../util/toolchain.js';
import { telling, type Work } from '../util/work.js';
import { type GuestSuspect, guestConf } from './conf.js';
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
  // Headers are named from the guest's root, those that it shares with the helper from vm/.
  ...['-I.', '-I..', '-Wl,--build-id=none', '-s'],
];

/** The guest's one program of ours, static. */
export async function guestProgram(work: Work): Promise<string> {
  const header = recordHeader();
  // Exercises are data for the harness: a change of one changes no program.
  const files = (await filesBelow(assets('vm'))).filter(
    (file) => !file.startsWith(assets('vm/exercises')),
  );
  const names = files.map((file) => path.relative(assets('vm'), file));
  const texts = await Promise.all(files.map((file) => readFile(file)));
  const compiler = `${crossPrefix(work.arch)}gcc`;
  const version = await runTool(compiler, ['-dumpfullversion']);
  const key = contentKey([work.arch.name, version, ...FLAGS, header, names.join(), ...texts]);
  const entry = await work.cache.entry('guest', key, async (directory) => {
    const started = Date.now();
    const build = path.join(directory, 'vm');
    const guest = path.join(build, 'guest');
    await cp(assets('vm'), build, { recursive: true });
    await writeFile(path.join(guest, 'record-kinds.h'), header);
    const sources = (await filesBelow(guest))
      .filter((file) => file.endsWith('.c'))
      .map((file) => path.relative(guest, file));
    await runTool(compiler, [...FLAGS, '-o', '../../dmrace-guest', ...sources], {
      cwd: guest,
      signal: work.signal,
    });
    await rm(build, { recursive: true });
    const { size } = await stat(path.join(directory, 'dmrace-guest'));
    work.say(`built the guest’s program: ${prettyBytes(size)} in ${seconds(started)}`);
  });
  return path.join(entry, 'dmrace-guest');
}

/** What an initramfs is made of. */
export interface InitramfsRequest {
  readonly kernel: PreparedKernel;
  readonly placement: Placement;
  readonly setUp: GuestSetUp;
  readonly suspect: GuestSuspect;
}

/** The initramfs of one placement: the same inputs give the same bytes. */
export async function buildInitramfs(work: Work, request: InitramfsRequest): Promise<string> {
  const { kernel, placement, setUp, suspect } = request;
  const told = telling(work, work.say);
  const userland = await guestUserland(told);
  const program = await guestProgram(told);
  const own = modulesOf(kernel, placement);
  const needs = own.slice(0, -1).map((file) => ({ name: path.basename(file), file }));
  const conf = guestConf(setUp, { ...suspect, needs: needs.map(({ name }) => name) }, work.arch);
  const modules = [
    ...kernel.portModules.map((file) => ({ name: path.basename(file), file })),
    ...needs,
    { name: suspect.object, file: own.at(-1) ?? '' },
    ...(setUp.helper ? [{ name: 'dmrace_helper.ko', file: kernel.helper }] : []),
  ];
  const init = assets('vm/init');
  const contents = await Promise.all(
    [init, program, ...modules.map(({ file }) => file)].map((file) => readFile(file)),
  );
  const names = [kernel.portModules.join(), ...modules.map(({ name }) => name)];
  const key = contentKey([userland, JSON.stringify(conf), ...names, ...contents]);
  const entry = await told.cache.entry('initramfs', key, async (directory) => {
    const started = Date.now();
    const root = path.join(directory, 'root');
    await cp(path.join(userland, 'root'), root, { recursive: true, verbatimSymlinks: true });
    for (const folder of ['dev', 'etc', 'modules', 'proc', 'sys', 'tmp']) {
      await mkdir(path.join(root, folder), { recursive: true });
    }
    await copyFile(init, path.join(root, 'init'));
    await copyFile(program, path.join(root, 'bin/dmrace-guest'));
    for (const { name, file } of modules) await copyFile(file, path.join(root, 'modules', name));
    const order = kernel.portModules.map((file) => `${path.basename(file)}\n`).join('');
    await writeFile(path.join(root, 'modules/order'), order);
    for (const [file, text] of Object.entries(conf)) await writeFile(path.join(root, file), text);
    await chmod(path.join(root, 'init'), 0o755);
    await pack(root, path.join(directory, 'initramfs.cpio'));
    await rm(root, { recursive: true });
    const { size } = await stat(path.join(directory, 'initramfs.cpio'));
    work.say(
      `built the initramfs of the ${placement} placement: ${prettyBytes(size)} in ${seconds(started)}`,
    );
  });
  return path.join(entry, 'initramfs.cpio');
}

/** cpio in the kernel's newc form (Documentation/driver-api/early-userspace/buffer-format.rst). */
async function pack(root: string, archive: string): Promise<void> {
  await shell(root)`
    find . -exec touch -h -d @0 {} +
    find . ! -type l -exec chmod go-w {} +
    find . -print0 | LC_ALL=C sort -z |
      cpio -0 -o -H newc -R 0:0 --reproducible --quiet >${archive}`;
}
