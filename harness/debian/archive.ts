// SPDX-License-Identifier: GPL-2.0-only
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import prettyBytes from 'pretty-bytes';
import writeFileAtomic from 'write-file-atomic';
import { DmraceError } from '../model/errors.js';
import { contentKey } from '../util/cache.js';
import { runTool } from '../util/command.js';
import type { Work } from '../util/work.js';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const MIRROR = 'http://deb.debian.org/debian';
const SECURITY = 'http://deb.debian.org/debian-security';
/** Package lists older than this are fetched again. */
const LISTS_FRESH_MS = 24 * 3600 * 1000;

/** Folder of apt-cache's answers. */
const ANSWERS = 'answers';

/** A package at one version; Debian never changes the file behind such a pair. */
export interface Package {
  readonly name: string;
  readonly version: string;
}

/** The apt sources of a suite, one line each. Exported for its test. */
export function sourcesOf(suite: string): string[] {
  const line = (uri: string, name: string): string =>
    `deb [signed-by=${KEYRING}] ${uri} ${name} main`;
  const mirror = process.env.DMRACE_DEBIAN_MIRROR ?? MIRROR;
  const [release = suite, pocket] = suite.split('-');
  if (release === 'sid') return [line(mirror, 'sid')];
  if (release === 'experimental') return [line(mirror, 'sid'), line(mirror, 'experimental')];
  return [
    line(mirror, release),
    line(mirror, `${release}-updates`),
    line(SECURITY, `${release}-security`),
    ...(pocket === 'backports' ? [line(mirror, `${release}-backports`)] : []),
  ];
}

/**
 * Debian's archive for one suite and architecture, through apt's own tools with signatures
 * checked, in a state folder of our own: the host's apt configuration, its package lists and its
 * installed packages are neither used nor changed. Only its proxy settings still count.
 */
export class DebianArchive {
  readonly #root: string;

  /** @param work whose architecture the packages are for */
  constructor(
    readonly work: Work,
    readonly suite: string,
  ) {
    this.#root = path.join(work.cache.root, 'apt', `${suite}-${this.architecture}`);
  }

  /** As Debian calls it. */
  get architecture(): string {
    return this.work.arch.names.debian;
  }

  #run(file: string, args: readonly string[], cwd?: string): Promise<string> {
    const { signal } = this.work;
    return runTool(file, args, { ...(cwd === undefined ? {} : { cwd }), signal });
  }

  #options(): string[] {
    const at = (name: string): string => path.join(this.#root, name);
    const settings: Record<string, string> = {
      'Dir::State': at('state'),
      'Dir::State::status': at('status'),
      'Dir::Cache': at('cache'),
      'Dir::Etc::SourceList': at('sources.list'),
      'Dir::Etc::SourceParts': '/dev/null',
      'Dir::Etc::Preferences': '/dev/null',
      'Dir::Etc::PreferencesParts': '/dev/null',
      'APT::Architecture': this.architecture,
      'APT::Architectures': this.architecture,
      'APT::Sandbox::User': 'root',
      'Acquire::Languages': 'none',
      'Acquire::Retries': '2',
    };
    return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  }

  /** Fetches the package lists when they are missing or a day old. */
  async refresh(): Promise<void> {
    const stamp = path.join(this.#root, 'stamp');
    const fresh = async (): Promise<boolean> => {
      const age = await stat(stamp).then(
        (s) => Date.now() - s.mtimeMs,
        () => Number.POSITIVE_INFINITY,
      );
      return age < LISTS_FRESH_MS;
    };
    if (await fresh()) return;
    await this.work.cache.locked(`apt-${this.suite}-${this.architecture}`, async () => {
      if (await fresh()) return;
      this.work.say(`package lists of ${this.suite} (${this.architecture})`);
      for (const name of ['state/lists/partial', 'cache/archives/partial']) {
        await mkdir(path.join(this.#root, name), { recursive: true });
      }
      await writeFile(path.join(this.#root, 'status'), '');
      await writeFile(
        path.join(this.#root, 'sources.list'),
        `${sourcesOf(this.suite).join('\n')}\n`,
      );
      await this.#run('apt-get', [...this.#options(), '-q', 'update']);
      await rm(path.join(this.#root, ANSWERS), { recursive: true, force: true });
      await writeFile(stamp, `${new Date().toISOString()}\n`);
    });
  }

  /**
   * What apt-cache says. It takes half a second to open the package lists, so an answer is kept for
   * as long as they are: the stamp is part of its name.
   */
  async #ask(args: readonly string[]): Promise<string> {
    const stamp = await readFile(path.join(this.#root, 'stamp'), 'utf8').catch(() => '');
    const file = path.join(this.#root, ANSWERS, contentKey([stamp, ...args]));
    if (stamp !== '') {
      const known = await readFile(file, 'utf8').catch(() => null);
      if (known !== null) return known;
    }
    const said = await this.#run('apt-cache', [...this.#options(), ...args]);
    if (stamp !== '') {
      await mkdir(path.dirname(file), { recursive: true });
      await writeFileAtomic(file, said);
    }
    return said;
  }

  /** Packages whose name matches, with their candidate versions. */
  async find(pattern: RegExp): Promise<Package[]> {
    const names = (await this.#ask(['pkgnames']))
      .split('\n')
      .filter((name) => pattern.test(name))
      .sort();
    if (names.length === 0) return [];
    return [...(await this.#candidates(names))].map(([name, version]) => ({ name, version }));
  }

  /** The version that apt would take of a package; null when there is none. */
  async candidate(name: string): Promise<string | null> {
    return (await this.#candidates([name])).get(name) ?? null;
  }

  /** One call of apt-cache for all: each takes half a second. */
  async #candidates(names: readonly string[]): Promise<Map<string, string>> {
    const target = this.suite.includes('backports') || this.suite === 'experimental';
    const options = target ? ['-t', this.suite] : [];
    const said = await this.#ask([...options, 'policy', ...names]);
    const found = new Map<string, string>();
    for (const part of said.split(/^(?=\S)/m)) {
      const name = /^(\S+):$/m.exec(part)?.[1];
      const version = /^ {2}Candidate: (.+)$/m.exec(part)?.[1];
      if (name !== undefined && version !== undefined && version !== '(none)') {
        found.set(name, version);
      }
    }
    return found;
  }

  /** All versions of a package in this suite, newest first (apt-cache madison). */
  async versions(name: string): Promise<string[]> {
    const said = await this.#ask(['madison', name]);
    return said
      .split('\n')
      .filter((line) => line.includes(' Packages'))
      .map((line) => line.split('|')[1]?.trim() ?? '')
      .filter(Boolean);
  }

  /** The Depends: of a package version as written, alternatives included. */
  async depends(pack: Package): Promise<string[]> {
    const said = await this.#ask(['show', `${pack.name}=${pack.version}`]);
    return (/^Depends: (.+)$/m.exec(said)?.[1] ?? '').split(/,\s*/).filter(Boolean);
  }

  /** @throws DmraceError (environment) when the suite lacks one of the packages. */
  async require(names: readonly string[]): Promise<Package[]> {
    const found = await this.#candidates(names);
    return names.map((name) => {
      const version = found.get(name);
      if (version !== undefined) return { name, version };
      throw new DmraceError('environment', {
        observed: `${this.suite} (${this.architecture}) has no package ${name}`,
        action:
          'check the suite, or remove the apt folder of the cache to fetch fresh package lists',
      });
    });
  }

  /** The .deb of a package, downloaded once; apt checks its hash against the signed lists. */
  async download(pack: Package): Promise<string> {
    const key = `${pack.name}_${pack.version}_${this.architecture}`.replaceAll(/[^\w.+~-]/g, '%');
    const entry = await this.work.cache.entry('deb', key, async (directory) => {
      const started = Date.now();
      await this.#run(
        'apt-get',
        [...this.#options(), '-q', 'download', `${pack.name}=${pack.version}`],
        directory,
      );
      const file = await this.#only(directory);
      const { size } = await stat(file);
      this.work.say(
        `downloaded ${pack.name} ${pack.version}: ${prettyBytes(size)} in ${((Date.now() - started) / 1000).toFixed(1)} s`,
      );
    });
    return this.#only(entry);
  }

  async #only(directory: string): Promise<string> {
    const [name] = await readdir(directory);
    if (name === undefined) {
      throw new DmraceError('environment', {
        observed: `${directory} holds no package`,
        artefact: directory,
        action: 'remove that folder and run again',
      });
    }
    return path.join(directory, name);
  }

  /** Unpacks packages into one folder; nothing is installed and no maintainer script runs. */
  async unpack(packages: readonly Package[], directory: string): Promise<void> {
    for (const pack of packages) {
      await this.#run('dpkg-deb', ['-x', await this.download(pack), directory]);
    }
  }
}

/**
 * The suite of this machine: VERSION_CODENAME of a Debian, else the suite that dmrace is kept for.
 */
export async function hostSuite(): Promise<string> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const id = /^ID=(.*)$/m.exec(release)?.[1];
  const codename = /^VERSION_CODENAME=(.*)$/m.exec(release)?.[1];
  return id === 'debian' && codename ? codename : 'bookworm';
}
