// SPDX-License-Identifier: MIT
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';
import { type ModuleSection, moduleSections } from '../audit/live/module-elf.js';
import { moduleName } from '../audit/live/names.js';

const UNPACK: Readonly<Record<string, readonly [string, ...string[]]>> = {
  '.xz': ['xz', '-dc'],
  '.zst': ['zstd', '-dcq'],
  '.gz': ['gzip', '-dc'],
};

async function contentOf(file: string): Promise<Buffer> {
  const tool = UNPACK[path.extname(file)];
  if (!tool) return readFile(file);
  const [name, ...args] = tool;
  const { stdout } = await execa(name, [...args, file], { encoding: 'buffer' });
  return Buffer.from(stdout);
}

/** What the files of a kernel's modules say of their sections, read when it is asked for. */
export class ModuleFiles {
  readonly #known = new Map<string, readonly ModuleSection[] | null>();
  #files: Promise<ReadonlyMap<string, string>> | null = null;

  /**
   * @param folder /lib/modules/RELEASE
   * @param own further modules by their names, which come before the kernel's
   */
  constructor(
    readonly folder: string,
    readonly own: ReadonlyMap<string, string>,
  ) {}

  async #all(): Promise<ReadonlyMap<string, string>> {
    const names = await readdir(this.folder, { recursive: true });
    return new Map([
      ...names
        .filter((name) => /\.ko(\.\w+)?$/.test(name))
        .map((name) => [moduleName(name), path.join(this.folder, name)] as const),
      ...this.own,
    ]);
  }

  /** Every module that there is, by its name. */
  all(): Promise<ReadonlyMap<string, string>> {
    this.#files ??= this.#all();
    return this.#files;
  }

  /** Reads what is said of some modules; one that cannot be read has null. */
  async read(modules: readonly string[]): Promise<void> {
    const files = await this.all();
    for (const module of modules) {
      if (this.#known.has(module)) continue;
      const file = files.get(module);
      const sections = file ? await contentOf(file).then(moduleSections, () => null) : null;
      this.#known.set(module, sections);
    }
  }

  /** What was read of a module before. */
  sectionsOf(module: string): readonly ModuleSection[] | null {
    return this.#known.get(module) ?? null;
  }
}
