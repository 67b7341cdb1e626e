// SPDX-License-Identifier: MIT
import {
  chmod,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';
import { DmraceError } from '../../model/errors.js';
import { contentKey } from '../../util/cache.js';
import { readJson } from '../../util/json.js';
import type { Work } from '../../util/work.js';
import type { SourceTree } from '../source-tree.js';
import { fileAt, type Overlay, overlayKey, type PatchedFile, sameFile } from './apply.js';

/**
 * Built by make in its own folder, which it takes for the place where it is (tools/build; `make -C`):
 * behind a link that would be the other tree. What is left out builds nothing for a kernel.
 */
const REAL = 'tools';
const NOT_REAL = ['tools/testing', 'tools/perf'];

/** What is remembered of a linked tree. */
const Note = z.strictObject({
  /** Every path that a series ever changed here. */
  touched: z.array(z.string()),
  /** Folders that are folders here, by path below the top, `.` for the top. */
  folders: z.array(z.string()),
});

/**
 * A tree of links to another one, in which the files of a series are files of its own. The other
 * tree is only read. A link has the time of the file behind it, so a build finds everything as old
 * as it is, and a file of its own is new when its content is; a file that a later series leaves alone
 * is a new file again, because what was built from its other content is younger than the original.
 *
 * Most folders are links as a whole. A compiler that goes through one of them upwards (`../x.h`)
 * comes out in the other tree; {@link LinkedTree.strays} finds out from what the build says it read.
 */
export class LinkedTree {
  readonly #folders = new Set<string>();
  readonly #touched = new Set<string>();

  private constructor(
    /** Where it is. */
    readonly directory: string,
    /** The tree behind it. */
    readonly origin: string,
  ) {}

  /** Opens the one of a folder, or begins it. Nobody else may use it meanwhile. */
  static async open(directory: string, origin: string): Promise<LinkedTree> {
    const tree = new LinkedTree(directory, origin);
    await mkdir(directory, { recursive: true });
    const note = await readJson(tree.#note, Note);
    for (const name of note?.touched ?? []) tree.#touched.add(name);
    for (const name of note?.folders ?? []) tree.#folders.add(name);
    return tree;
  }

  /** Beside it: a kernel's build would find it inside. */
  get #note(): string {
    return `${this.directory}.json`;
  }

  /** What of the paths that a build read may lead past this tree: upwards, or by the other's name. */
  get passes(): RegExp {
    const [here, there] = [this.directory, this.origin].map((text) =>
      text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'),
    );
    return new RegExp(`${here}/[^\\s:)]*/\\.\\./[^\\s:)]*|(?<![^\\s(])${there}/[^\\s:)]*`, 'g');
  }

  /** Makes it the other tree with these changes, and nothing else. */
  async hold(overlay: Overlay): Promise<void> {
    const names = new Set([...this.#touched, ...overlay.keys()]);
    // What is to come is written down first: an interrupt then leaves too much to look at, not too little.
    for (const name of names) this.#touched.add(name);
    await this.#remember();
    const tools = await this.#foldersBelow(REAL);
    const wanted = ['.', ...tools, ...this.#folders, ...[...names].map((n) => path.dirname(n))];
    const folders = new Set(wanted.flatMap(withParents));
    for (const folder of [...folders].sort()) await this.#real(folder);
    for (const name of names) {
      const changed = overlay.get(name);
      await this.#own(name, changed === undefined ? await this.#original(name) : changed);
    }
    await this.#remember();
  }

  /**
   * Of the files that a build has read, those that it took from the other tree though the series
   * changes them: their folders become folders here, and the build is to go on.
   * @param read paths as compilers named them, absolute
   * @returns whether there were any
   * @throws DmraceError (inconclusive) when one was named by the other tree's own path
   */
  async strays(read: Iterable<string>): Promise<boolean> {
    const found = new Set<string>();
    for (const file of read) {
      const said = below(this.directory, file);
      if (said === null) {
        this.#refuse(file);
        continue;
      }
      const meant = path.normalize(said);
      if (!this.#touched.has(meant)) continue;
      // The folders that it went down into and out of again.
      const parts = said.split('/');
      parts.forEach((part, at) => {
        if (part === '..') found.add(path.normalize(parts.slice(0, at).join('/')));
      });
    }
    const links = [...found].filter((folder) => !this.#folders.has(folder));
    for (const folder of new Set(links.flatMap(withParents))) await this.#real(folder);
    await this.#remember();
    return links.length > 0;
  }

  /** The build went into the other tree, where nothing leads it back. */
  #refuse(file: string): void {
    const name = below(this.origin, file);
    if (name === null || !this.#touched.has(path.normalize(name))) return;
    throw new DmraceError('inconclusive', {
      observed: `the build reads ${path.normalize(name)}, which the series changes, from the tree without it`,
      artefact: file,
      action: 'apply the series to a copy of the tree, and name that: --kernel src:PATH',
    });
  }

  #original(name: string): Promise<PatchedFile | null> {
    return fileAt(path.join(this.origin, name));
  }

  async #remember(): Promise<void> {
    const note = { touched: [...this.#touched].sort(), folders: [...this.#folders].sort() };
    await writeFileAtomic(this.#note, `${JSON.stringify(note)}\n`);
  }

  /** A folder of links to what the other tree's has; what that has no more goes. */
  async #real(folder: string): Promise<void> {
    const here = path.join(this.directory, folder);
    const there = path.join(this.origin, folder);
    const found = await lstat(here).catch(() => null);
    if (found && !found.isDirectory()) await rm(here);
    await mkdir(here, { recursive: true });
    this.#folders.add(folder);
    const wanted = (await readdir(there, { withFileTypes: true }).catch(() => [])).filter(
      ({ name }) => !(folder === '.' && name === '.git'),
    );
    const names = new Set(wanted.map(({ name }) => name));
    const present = new Set(await readdir(here));
    for (const name of present) {
      const own = this.#touched.has(path.join(folder, name));
      if (names.has(name) || own || this.#folders.has(path.join(folder, name))) continue;
      await rm(path.join(here, name), { recursive: true });
    }
    for (const entry of wanted) {
      const { name } = entry;
      if (present.has(name) || this.#touched.has(path.join(folder, name))) continue;
      // A link of the tree's own leads on inside this one.
      const target = entry.isSymbolicLink()
        ? await readlink(path.join(there, name))
        : path.join(there, name);
      await symlink(target, path.join(here, name));
    }
  }

  /** A file of its own, left alone where it is as it should be. */
  async #own(name: string, wanted: PatchedFile | null): Promise<void> {
    const here = path.join(this.directory, name);
    const found = await lstat(here).catch(() => null);
    if (wanted === null) {
      await rm(here, { force: true });
      return;
    }
    if (found?.isFile() && sameFile(await fileAt(here), wanted)) return;
    await rm(here, { force: true, recursive: true });
    await writeFile(here, wanted.content);
    await chmod(here, wanted.executable ? 0o755 : 0o644);
  }

  /** The folders below one of the other tree, itself first; empty where there is none. */
  async #foldersBelow(top: string): Promise<string[]> {
    const all: string[] = [];
    const walk = async (folder: string): Promise<void> => {
      all.push(folder);
      const entries = await readdir(path.join(this.origin, folder), { withFileTypes: true });
      for (const entry of entries) {
        const name = path.join(folder, entry.name);
        if (entry.isDirectory() && !NOT_REAL.includes(name)) await walk(name);
      }
    };
    const there = await stat(path.join(this.origin, top)).catch(() => null);
    if (there?.isDirectory()) await walk(top);
    return all;
  }
}

/**
 * A kernel tree with a series, for as long as `use` takes; nobody else builds from the same tree with
 * another series meanwhile. The folder of links belongs to the tree's path and is used again.
 */
export async function withSeries<T>(
  work: Work,
  tree: SourceTree,
  overlay: Overlay,
  use: (patched: SourceTree, links: LinkedTree) => Promise<T>,
): Promise<T> {
  const name = contentKey([tree.directory]);
  const directory = path.join(work.cache.root, 'linked', name);
  return work.cache.locked(`linked-${name}`, async () => {
    await mkdir(path.dirname(directory), { recursive: true });
    const links = await LinkedTree.open(directory, tree.directory);
    await links.hold(overlay);
    const fingerprint = contentKey([tree.fingerprint, overlayKey(overlay)]);
    return use({ ...tree, directory, fingerprint }, links);
  });
}

/** A folder and all above it, `.` first. */
const withParents = (folder: string): string[] => {
  const parts = folder === '.' ? [] : folder.split('/');
  return ['.', ...parts.map((_, at) => parts.slice(0, at + 1).join('/'))];
};

/** A path below a folder, as it was said; null for one elsewhere. */
const below = (folder: string, file: string): string | null =>
  file.startsWith(`${folder}/`) ? file.slice(folder.length + 1) : null;

/**
 * The paths that a build's compilers have read, as they named them: kbuild keeps the dependencies of
 * each object in `.OBJECT.cmd` (scripts/basic/fixdep.c), tools/build does the same.
 * @param marks what of a path is wanted
 */
export async function filesRead(build: string, marks: RegExp): Promise<Set<string>> {
  const found = new Set<string>();
  for (const name of await readdir(build, { recursive: true })) {
    if (!/(^|\/)\.[^/]*\.cmd$/.test(name)) continue;
    const text = await readFile(path.join(build, name), 'utf8').catch(() => '');
    for (const [file] of text.matchAll(marks)) found.add(file);
  }
  return found;
}
