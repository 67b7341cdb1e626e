// SPDX-License-Identifier: MIT
import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  rm,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { PACKAGES, TOOLS } from '../audit/tools.js';
import { DebianArchive } from '../debian/archive.js';
import { DmraceError } from '../model/errors.js';
import { assets } from '../util/assets.js';
import { contentKey } from '../util/cache.js';
import { runTool } from '../util/command.js';
import type { Work } from '../util/work.js';
import { ext4Image } from './ext4-image.js';

/** The suite of the guest's programs: one for all kernels, so a visit differs by its kernel only. */
const SUITE = 'bookworm';
/** Raised when the disk is made differently of the same packages. */
const LAYOUT = '1';

/** Folders of programs, in the order of the guest's PATH. */
export const PROGRAM_FOLDERS = ['usr/sbin', 'usr/bin', 'sbin', 'bin'] as const;

/** Of no use in a guest; modprobe.d too: modules are to be loaded as the kernel has them. */
const UNUSED = [
  ...['doc', 'doc-base', 'man', 'info', 'locale', 'lintian', 'bug', 'bash-completion', 'zsh'].map(
    (name) => `usr/share/${name}`,
  ),
  ...['initramfs-tools', 'gcc', 'gdb', 'sounds', 'pixmaps'].map((name) => `usr/share/${name}`),
  ...['etc/modprobe.d', 'lib/modprobe.d', 'lib/systemd', 'lib/udev', 'usr/lib/udev', 'usr/include'],
  ...['usr/lib/dracut', 'usr/lib/initcpio', 'usr/libexec', 'etc/init.d', 'etc/cron.d'],
];

/** Our own, of vm/audit/tools. */
const OWN: Readonly<Record<string, string>> = {
  'Guest.pm': 'usr/share/perl5/Guest.pm',
  letgo: 'usr/bin/letgo',
};
const ownFile = (name: string): string => assets('vm/audit/tools', name);

/** Names of all programs, a line each. */
const PROGRAMS_FILE = 'programs';

/** What lies over the read-only root when it runs (see audit-disk.ts). */
const EMPTY = [
  'dev',
  'proc',
  'sys',
  'run',
  'tmp',
  'mnt',
  'extra',
  'lib/modules',
  'root',
  'var/lib',
];

const FILES: Readonly<Record<string, string>> = {
  'etc/passwd': 'root:x:0:0:root:/tmp:/bin/sh\n',
  'etc/group': 'root:x:0:\n',
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nprotocols: files\nservices: files\n',
};

const LINKS: Readonly<Record<string, string>> = {
  'etc/mtab': '/proc/self/mounts',
  'etc/modprobe.d': '/extra/modprobe.d',
  'var/run': '/run',
  'var/lock': '/run',
  'var/tmp': '/tmp',
};

/** The disk of the guest's programs, in the cache. */
export interface ToolsDisk {
  readonly image: string;
  /** Names of all programs on it. */
  readonly programs: ReadonlySet<string>;
}

/** The image of Debian's tools; it does not depend on the kernel. @throws DmraceError (environment). */
export async function toolsDisk(work: Work): Promise<ToolsDisk> {
  const archive = new DebianArchive(work, SUITE);
  await archive.refresh();
  const packages = await archive.require(PACKAGES);
  const versions = packages.map((pack) => `${pack.name}=${pack.version}`);
  const own = await Promise.all(Object.keys(OWN).map((name) => readFile(ownFile(name))));
  const key = contentKey([LAYOUT, work.arch.name, ...versions, JSON.stringify(TOOLS), ...own]);
  const entry = await work.cache.entry('disk', `tools_${key}`, async (directory) => {
    const started = Date.now();
    const root = path.join(directory, 'root');
    await archive.unpack(packages, root);
    await trim(root);
    await withoutHardLinks(root);
    await dropUnrunnable(root);
    const programs = await programsOf(root);
    requirePrograms(programs);
    await writeFile(path.join(directory, PROGRAMS_FILE), `${programs.join('\n')}\n`);
    const image = path.join(directory, 'tools.ext4');
    await ext4Image(root, image, work.signal);
    for (const rest of [root, `${image}.debugfs`]) await rm(rest, { recursive: true });
    work.say(
      `made the disk of the guest’s tools in ${((Date.now() - started) / 1000).toFixed(1)} s`,
    );
  });
  const names = (await readFile(path.join(entry, PROGRAMS_FILE), 'utf8')).trim().split('\n');
  return { image: path.join(entry, 'tools.ext4'), programs: new Set(names) };
}

/** What the guest needs beside the packages, without what it does not. */
async function trim(root: string): Promise<void> {
  for (const name of UNUSED) await rm(path.join(root, name), { recursive: true, force: true });
  for (const name of EMPTY) await mkdir(path.join(root, name), { recursive: true });
  for (const [name, text] of Object.entries(FILES)) await writeFile(path.join(root, name), text);
  for (const [name, target] of Object.entries(LINKS)) await symlink(target, path.join(root, name));
  for (const [name, target] of Object.entries(OWN)) {
    await mkdir(path.dirname(path.join(root, target)), { recursive: true });
    await copyFile(ownFile(name), path.join(root, target));
    await chmod(path.join(root, target), 0o755);
  }
}

/** Every file that is not a folder, with its path below the root, in the order of names. */
async function filesOf(root: string, below = ''): Promise<string[]> {
  const folder = path.join(root, below);
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return found
    .filter((entry) => !entry.isDirectory())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .sort();
}

/** Hard links become symbolic ones: debugfs would write each as a file of its own. */
async function withoutHardLinks(root: string): Promise<void> {
  const first = new Map<number, string>();
  for (const name of await filesOf(root)) {
    const file = path.join(root, name);
    const { ino, nlink } = await lstat(file);
    if (nlink === 1) continue;
    const target = first.get(ino);
    if (target === undefined) {
      first.set(ino, name);
      continue;
    }
    await unlink(file);
    await symlink(path.relative(path.dirname(name), target), file);
  }
}

const isLibrary = (name: string): boolean => /\.so(?:\.|$)/.test(path.basename(name));

/** Shared libraries that each ELF file needs (readelf -d, tag NEEDED); others need none. */
async function neededBy(root: string, files: readonly string[]): Promise<Map<string, string[]>> {
  const elf = await Promise.all(
    files.map(async (name) => {
      const file = path.join(root, name);
      if (!(await lstat(file)).isFile()) return false;
      const handle = await open(file);
      const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0).finally(() => handle.close());
      return buffer.equals(Buffer.from('\x7fELF', 'latin1'));
    }),
  );
  const asked = files.filter((_, index) => elf[index]);
  const said = await runTool('readelf', ['-d', ...asked], { cwd: root });
  const parts = said.split(/^File: /m).slice(1);
  return new Map(
    parts.map((part) => [
      part.slice(0, part.indexOf('\n')),
      [...part.matchAll(/\(NEEDED\)\s+Shared library: \[(.+)\]/g)].map((m) => m[1] ?? ''),
    ]),
  );
}

/** Removes programs and libraries that cannot run, because no package here has what they need. */
async function dropUnrunnable(root: string): Promise<void> {
  const all = await filesOf(root);
  const needs = await neededBy(
    root,
    all.filter((name) => isLibrary(name) || inProgramFolder(name)),
  );
  const libraries = new Map(all.filter(isLibrary).map((name) => [path.basename(name), name]));
  const whole = (name: string): boolean =>
    (needs.get(name) ?? []).every((library) => libraries.has(library));
  for (;;) {
    const broken = [...needs.keys()].filter((name) => !whole(name));
    if (broken.length === 0) return;
    for (const name of broken) {
      await unlink(path.join(root, name));
      needs.delete(name);
      if (!isLibrary(name)) continue;
      // Links to it, such as libx.so.1 to libx.so.1.2, are of no use either.
      for (const [link, file] of libraries) {
        if (!(await reaches(root, file))) libraries.delete(link);
      }
    }
  }
}

const inProgramFolder = (name: string): boolean =>
  PROGRAM_FOLDERS.some((folder) => path.dirname(name) === folder);

/** Whether a name leads to a file, by links that are told from the root. */
async function reaches(root: string, name: string, left = 8): Promise<boolean> {
  const file = path.join(root, name);
  const entry = await lstat(file).catch(() => null);
  if (entry === null || left === 0) return false;
  if (!entry.isSymbolicLink()) return true;
  const target = await readlink(file);
  return reaches(
    root,
    path.join(path.isAbsolute(target) ? '' : path.dirname(name), target),
    left - 1,
  );
}

async function programsOf(root: string): Promise<string[]> {
  const found: string[] = [];
  for (const folder of PROGRAM_FOLDERS) {
    for (const name of await filesOf(root, folder)) {
      if (await reaches(root, name)) found.push(path.basename(name));
    }
  }
  return [...new Set(found)].sort();
}

/** @throws DmraceError (environment) when a package has not what is told of it. */
function requirePrograms(programs: readonly string[]): void {
  const lacking = Object.entries(TOOLS).flatMap(([pack, names]) =>
    names.filter((name) => !programs.includes(name)).map((name) => `${name} (${pack})`),
  );
  if (lacking.length === 0) return;
  throw new DmraceError('environment', {
    observed: `Debian’s packages do not have, or not the libraries of: ${lacking.join(', ')}`,
    artefact: 'harness/audit/tools.ts',
    action: `this is a bug of dmrace: ${SUITE} has changed since; report it`,
  });
}
