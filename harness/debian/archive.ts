// SPDX-License-Identifier: MIT
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import prettyBytes from 'pretty-bytes';
import writeFileAtomic from 'write-file-atomic';
import { DmraceError, isOfKind } from '../model/errors.js';
import { contentKey } from '../util/cache.js';
import { type CommandOptions, runTool } from '../util/command.js';
import { HalfBuilt } from '../util/half-built.js';
import { explainIo } from '../util/io.js';
import type { Work } from '../util/work.js';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const MIRROR = 'http://deb.debian.org/debian';
const SECURITY = 'http://deb.debian.org/debian-security';
/** Package lists older than this are fetched again. */
const LISTS_FRESH_MS = 24 * 3600 * 1000;

/** The first line of a text, and the rest; null where there is no second line. */
function splitOnce(text: string): readonly [string, string | null] {
  const at = text.indexOf('\n');
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 1)];
}

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

  #run(
    file: string,
    args: readonly string[],
    options: Pick<CommandOptions, 'cwd' | 'withStderr'> = {},
  ): Promise<string> {
    return runTool(file, args, { ...options, signal: this.work.signal });
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
      return age < LISTS_FRESH_MS && (await this.#asFetched(stamp));
    };
    if (await fresh()) return;
    await this.work.cache.locked(`apt-${this.suite}-${this.architecture}`, async () => {
      if (await fresh()) return;
      this.work.say(`package lists of ${this.suite} (${this.architecture})`);
      // What is there and is not as it was fetched, apt may take for today's: it asks for the date.
      if (!(await this.#asFetched(stamp))) {
        await rm(path.join(this.#root, 'state/lists'), { recursive: true, force: true });
      }
      for (const name of ['state/lists/partial', 'cache/archives/partial']) {
        await mkdir(path.join(this.#root, name), { recursive: true });
      }
      await writeFile(path.join(this.#root, 'status'), '');
      await writeFile(
        path.join(this.#root, 'sources.list'),
        `${sourcesOf(this.suite).join('\n')}\n`,
      );
      await rm(stamp, { force: true });
      await this.#update();
      await rm(path.join(this.#root, ANSWERS), { recursive: true, force: true });
      await writeFileAtomic(stamp, `${new Date().toISOString()}\n${await this.#listing()}\n`);
    });
  }

  /**
   * Fetches the package lists. `apt-get update` ends with 0 when some cannot be fetched, and goes
   * on with those of last time or none (apt-get(8)); apt 2.5.4 and later can be told otherwise
   * (APT::Update::Error-Mode), and every apt says so.
   * @throws DmraceError (environment) with what apt says of the first that cannot be had
   */
  async #update(): Promise<void> {
    const strict = ['-o', 'APT::Update::Error-Mode=any'];
    const said = await this.#run('apt-get', [...this.#options(), ...strict, '-q', 'update'], {
      withStderr: true,
    }).catch((error: unknown) => {
      if (isOfKind(error, 'tool-failed')) return error.facts.observed;
      throw error;
    });
    const lines = said.split('\n').map((line) => line.trim());
    const failed = lines.filter((line) => /^(?:E|W|Err): ?|^Err:\d/.test(line));
    const why =
      failed.find((line) => /^W: Failed to fetch/.test(line)) ??
      failed.find((line) => /^E:/.test(line)) ??
      failed.find((line) => /^Err:/.test(line)) ??
      lines.find((line) => / failed \(| cannot be run: /.test(line));
    if (why === undefined) return;
    const full = /No space left|write error/.test(said);
    throw new DmraceError('environment', {
      observed: `the package lists of ${this.suite} (${this.architecture}) cannot be fetched: ${why.replace(/^[A-Z]: /, '')}`,
      artefact: path.join(this.#root, 'sources.list'),
      action: full
        ? 'free some disk space'
        : 'check the network, http_proxy and DMRACE_DEBIAN_MIRROR; nothing of it was kept',
    });
  }

  /** Names and sizes of the package lists: what is not as it was fetched is fetched again. */
  async #listing(): Promise<string> {
    const lists = path.join(this.#root, 'state/lists');
    const names = (await readdir(lists)).filter((name) => /_(?:InRelease|Packages)/.test(name));
    const sizes = names
      .sort()
      .map(async (name) => `${name} ${(await stat(path.join(lists, name))).size}`);
    return (await Promise.all(sizes)).join('\n');
  }

  async #asFetched(stamp: string): Promise<boolean> {
    try {
      const [, ...noted] = (await readFile(stamp, 'utf8')).trimEnd().split('\n');
      return noted.length > 0 && noted.join('\n') === (await this.#listing());
    } catch {
      return false; // no lists
    }
  }

  /**
   * What apt-cache says. It takes half a second to open the package lists, so an answer is kept for
   * as long as they are: the stamp is part of its name.
   */
  async #ask(args: readonly string[]): Promise<string> {
    const stamp = await readFile(path.join(this.#root, 'stamp'), 'utf8').catch(() => '');
    const file = path.join(this.#root, ANSWERS, contentKey([stamp, ...args]));
    if (stamp !== '') {
      const [sum, known] = splitOnce(await readFile(file, 'utf8').catch(() => ''));
      if (known !== null && sum === contentKey([known])) return known;
    }
    const ask = (): Promise<string> => this.#run('apt-cache', [...this.#options(), ...args]);
    const said = await ask().catch(async (error: unknown) => {
      if (!isOfKind(error, 'tool-failed')) throw error;
      // Its own cache may be what is damaged; apt makes it again.
      for (const name of ['pkgcache.bin', 'srcpkgcache.bin']) {
        await rm(path.join(this.#root, 'cache', name), { force: true });
      }
      return ask().catch(async (again: unknown) => {
        if (!isOfKind(again, 'tool-failed')) throw again;
        // Else the lists are: another content of the same size.
        await rm(path.join(this.#root, 'stamp'), { force: true });
        await this.refresh();
        return ask();
      });
    });
    if (stamp !== '') {
      await mkdir(path.dirname(file), { recursive: true });
      await writeFileAtomic(file, `${contentKey([said])}\n${said}`);
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

  /**
   * A package as another archive names it, in that version where this one has it, else in the one
   * that apt would take here: lists of two architectures may be of two hours, between which Debian
   * uploaded a new version, and the security archive takes in each architecture when it is built.
   * @throws DmraceError (environment) when there is none by that name
   */
  async nearest(pack: Package): Promise<Package> {
    if ((await this.versions(pack.name)).includes(pack.version)) return pack;
    const [here] = await this.require([pack.name]);
    return here ?? pack;
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

  #keyOf({ name, version }: Package): string {
    return `${name}_${version}_${this.architecture}`.replaceAll(/[^\w.+~-]/g, '%');
  }

  /** The .deb of a package, downloaded once; apt checks its hash against the signed lists. */
  async download(pack: Package): Promise<string> {
    const entry = await this.work.cache.entry('deb', this.#keyOf(pack), async (directory) => {
      const started = Date.now();
      await this.#run(
        'apt-get',
        [...this.#options(), '-q', 'download', `${pack.name}=${pack.version}`],
        { cwd: directory },
      ).catch((error: unknown) => this.#gone(pack, error));
      const file = await this.#only(directory);
      const { size } = await stat(file);
      this.work.say(
        `downloaded ${pack.name} ${pack.version}: ${prettyBytes(size)} in ${((Date.now() - started) / 1000).toFixed(1)} s`,
      );
    });
    return this.#only(entry);
  }

  /** A file that Debian has removed since the lists were fetched: they are of no use any more. */
  async #gone(pack: Package, error: unknown): Promise<never> {
    if (!isOfKind(error, 'tool-failed') || !/\b404\b/.test(error.facts.observed)) throw error;
    await rm(path.join(this.#root, 'stamp'), { force: true });
    throw new DmraceError('environment', {
      observed: `${this.suite} (${this.architecture}) no longer has ${pack.name} ${pack.version}: its package lists were older than its last upload, and are thrown away`,
      action: 'run again: fresh lists are fetched first',
    });
  }

  /** Removes a package's .deb from the cache: what was wanted of it is elsewhere. */
  async forget(pack: Package): Promise<void> {
    await this.work.cache.discard('deb', this.#keyOf(pack));
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

  /**
   * Downloads those packages that are not there yet by one call of apt-get: each reads the package
   * lists first, which takes it half a second. What cannot be had is told by {@link download}.
   */
  async fetch(packages: readonly Package[]): Promise<void> {
    const { cache } = this.work;
    const there = await Promise.all(packages.map((pack) => cache.has('deb', this.#keyOf(pack))));
    const absent = packages.filter((_, index) => !there[index]);
    if (absent.length < 2) return;
    const half = new HalfBuilt(path.join(cache.root, 'deb', `${absent[0]?.name}+`));
    try {
      await half.create();
      const names = absent.map(({ name, version }) => `${name}=${version}`);
      const started = Date.now();
      const args = [...this.#options(), '-q', 'download', ...names];
      await this.#run('apt-get', args, { cwd: half.directory });
      const files = await readdir(half.directory);
      for (const pack of absent) {
        const file = files.find((name) => name.startsWith(`${pack.name}_`));
        if (file === undefined) continue;
        await cache.entry('deb', this.#keyOf(pack), (directory) =>
          rename(path.join(half.directory, file), path.join(directory, file)),
        );
      }
      const took = ((Date.now() - started) / 1000).toFixed(1);
      this.work.say(`downloaded ${absent.map(({ name }) => name).join(', ')} in ${took} s`);
    } catch (error) {
      if (!isOfKind(error, 'tool-failed')) throw explainIo(error, half.directory);
    } finally {
      await half.discard();
    }
  }

  /** Unpacks packages into one folder; nothing is installed and no maintainer script runs. */
  async unpack(packages: readonly Package[], directory: string): Promise<void> {
    await this.fetch(packages);
    for (const pack of packages) {
      const unpack = async (): Promise<string> =>
        this.#run('dpkg-deb', ['-x', await this.download(pack), directory]);
      await unpack().catch(async (error: unknown) => {
        if (!isOfKind(error, 'tool-failed') || /No space left/.test(error.message)) throw error;
        // A package has sums of its own; what does not fit them is fetched again.
        await this.work.cache.discard('deb', this.#keyOf(pack));
        await unpack();
      });
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
