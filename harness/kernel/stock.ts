// SPDX-License-Identifier: MIT
import { DebianArchive, hostSuite, type Package } from '../debian/archive.js';
import { compareDebianVersions } from '../debian/version.js';
import { DmraceError } from '../model/errors.js';
import type { KernelSpec } from '../model/kernel.js';
import type { Work } from '../util/work.js';

/** The packages that make up one stock kernel. */
export interface StockKernel {
  readonly image: Package;
  /**
   * What the image depends on and older images hold themselves: since 7.x of forky the image
   * package is empty, and linux-base, linux-binary and linux-modules of the same version hold its
   * files.
   */
  readonly imageParts: readonly Package[];
  /** Of the kernel's architecture. */
  readonly headers: readonly Package[];
  /** kbuild's own programs (fixdep, modpost), which run on this machine: of its architecture. */
  readonly kbuild: readonly Package[];
  readonly source: Package;
  /** The name after `linux-image-`. */
  readonly abi: string;
}

/** Which suites are looked through for a version, after the host's. */
const SUITES_FOR_VERSION = [
  'bookworm',
  'bookworm-backports',
  'trixie',
  'trixie-backports',
  'sid',
  'experimental',
  'bullseye',
];

export type DebianSpec = Extract<KernelSpec, { from: 'debian' }>;

/**
 * The archive of a suite for the architecture of the work, with package lists of today.
 * @throws DmraceError (environment) when they cannot be fetched; AbortError after an interrupt.
 */
export async function openArchive(work: Work, suite: string): Promise<DebianArchive> {
  const archive = new DebianArchive(work, suite);
  await archive.refresh();
  return archive;
}

/** All real images of a flavour, oldest first; meta packages have no full version in their name. */
async function images(archive: DebianArchive, flavour: string): Promise<Package[]> {
  const all = await archive.find(new RegExp(`^linux-image-\\d.*-${flavour}$`));
  return newestLast(
    all.filter(
      ({ name }) => flavourOf(name) === flavour && !/^linux-image-\d+\.\d+-[a-z]/.test(name),
    ),
  );
}

/**
 * The flavour in an image's name: what follows the ABI. `linux-image-7.3-cloud-amd64` of
 * experimental is a real image whose ABI is the bare series.
 */
const flavourOf = (name: string): string =>
  /^linux-image-[^-]+-(?:\d[^-]*-)?((?:cloud-|rt-)?\w+)$/.exec(name)?.[1] ?? '';

/** Sorted by version. Exported for its test. */
export const newestLast = (packages: readonly Package[]): Package[] =>
  packages.toSorted((a, b) => compareDebianVersions(a.version, b.version));

/** Whether a version is the asked one or one of its series: 6.1 is no prefix of 6.12. */
export const isOfVersion = (version: string, asked: string): boolean =>
  version === asked || (version.startsWith(asked) && !/^\d/.test(version.slice(asked.length)));

/** The real image that a meta package depends on, or the package itself when it is one. */
async function behind(archive: DebianArchive, meta: string): Promise<Package | null> {
  const version = await archive.candidate(meta);
  if (version === null) return null;
  for (const entry of await archive.depends({ name: meta, version })) {
    const name = /^(linux-image-\S+)/.exec(entry)?.[1];
    if (name !== undefined) return (await archive.require([name]))[0] ?? null;
  }
  return { name: meta, version };
}

/**
 * The newest image of a flavour whose version is `asked` or of its series; with `asked` empty what
 * the suite has now. A suite with a pocket (bookworm-security) means the newest of that pocket,
 * which may be another series than the suite's own: bookworm-security has 6.12 beside 6.1.
 */
async function findImage(
  archive: DebianArchive,
  flavour: string,
  asked: string,
): Promise<Package | null> {
  const suiteNow = await behind(archive, `linux-image-${flavour}`);
  if (asked === '' && !/-security$/.test(archive.suite)) {
    if (!/^experimental$/.test(archive.suite)) return suiteNow;
  }
  const series = /^\d+\.\d+/.exec(asked)?.[0];
  const meta =
    series === undefined ? null : await behind(archive, `linux-image-${series}-${flavour}`);
  const candidates = [
    ...(await images(archive, flavour)),
    ...(suiteNow ? [suiteNow] : []),
    ...(meta ? [meta] : []),
    ...(asked === '' ? await bareSeries(archive, flavour) : []),
  ];
  const fitting = candidates.filter(
    ({ name, version }) =>
      asked === '' || isOfVersion(version, asked) || isOfVersion(abiOf(name), asked),
  );
  return newestLast(fitting).at(-1) ?? null;
}

/** Images named by their series alone, as experimental's are; metas of other suites lead on. */
async function bareSeries(archive: DebianArchive, flavour: string): Promise<Package[]> {
  const named = await archive.find(new RegExp(`^linux-image-\\d+\\.\\d+-${flavour}$`));
  const real = await Promise.all(named.map(({ name }) => behind(archive, name)));
  return real.filter((pack) => pack !== null);
}

const abiOf = (name: string): string => name.replace(/^linux-image-/, '');

const KBUILD = /^linux-kbuild-/;

/** Headers and source that belong to an image, by their exact version. */
async function companions(archive: DebianArchive, image: Package): Promise<StockKernel> {
  const abi = abiOf(image.name);
  const series = /^(\d+\.\d+)/.exec(image.version)?.[1] ?? '';
  // Asked first: an image that is left of a past version may have no headers any more either.
  const source = await requireSource(archive, image, `linux-source-${series}`);
  const headers: Package = { name: `linux-headers-${abi}`, version: image.version };
  const needed = (await archive.depends(headers))
    .map((entry) => /^(linux-(?:headers|kbuild)-\S+)/.exec(entry)?.[1])
    .filter((name): name is string => name !== undefined);
  const parts = await archive.require(needed);
  const inside = (await archive.depends(image))
    .map((entry) => /^(linux-(?:base|binary|modules)-\d\S*)/.exec(entry)?.[1])
    .filter((name): name is string => name !== undefined);
  return {
    image,
    imageParts: inside.length === 0 ? [] : await archive.require(inside),
    headers: [headers, ...parts.filter((pack) => !KBUILD.test(pack.name))],
    kbuild: parts.filter((pack) => KBUILD.test(pack.name)),
    source,
    abi,
  };
}

/** Debian keeps images of past versions for a while, but the sources of the last one only. */
async function requireSource(
  archive: DebianArchive,
  image: Package,
  name: string,
): Promise<Package> {
  const versions = await archive.versions(name);
  if (versions.includes(image.version)) return { name, version: image.version };
  throw new DmraceError('environment', {
    observed: `${archive.suite} has ${image.name} ${image.version}, but no longer its sources, which the control is built from; of ${name} it has ${versions.join(', ') || 'nothing'}`,
    action: `choose a version that has them: debian:${versions[0] ?? archive.suite}`,
  });
}

/** The versions nearest to the asked one, both ways, for an error. Exported for its test. */
export function nearestVersions(asked: string, versions: readonly string[]): string[] {
  const sorted = [...new Set(versions)].sort(compareDebianVersions);
  const above = sorted.findIndex((version) => compareDebianVersions(version, asked) > 0);
  const at = above < 0 ? sorted.length : above;
  return sorted.slice(Math.max(0, at - 2), at + 2);
}

/**
 * Looks a stock kernel up.
 * @throws DmraceError (environment) when no suite has it, with what was looked through and the
 *   nearest versions that exist.
 */
export async function resolveStock(
  work: Work,
  { suite, version, flavour: given }: DebianSpec,
): Promise<{ archive: DebianArchive; stock: StockKernel }> {
  const host = await hostSuite();
  const suites = [
    ...new Set(
      suite !== null ? [suite] : version === null ? [host] : [host, ...SUITES_FOR_VERSION],
    ),
  ];
  const flavour = given ?? work.arch.kernel.debianFlavour;
  // Not every suite has the flavour that boots fastest; one that was asked for is not replaced.
  const flavours = [...new Set(given === null ? [flavour, work.arch.names.debian] : [flavour])];
  const seen: string[] = [];
  for (const name of suites) {
    const archive = await openArchive(work, name);
    for (const candidate of flavours) {
      const image = await findImage(archive, candidate, version ?? '');
      if (image) return { archive, stock: await companions(archive, image) };
    }
    seen.push(...(await images(archive, flavour)).map((pack) => pack.version));
  }
  throw new DmraceError('environment', {
    observed: `no linux-image ${version ?? ''}-${flavours.join(' or -')} in ${suites.join(', ')}`,
    action: `choose a version, a suite and a flavour that Debian’s archive has now${version === null || seen.length === 0 ? '' : `; nearest: ${nearestVersions(version, seen).join(', ')}`}`,
  });
}
