// SPDX-License-Identifier: MIT
import path from 'node:path';
import { DmraceError } from '../model/errors.js';
import { type KernelConfig, parseKernelSpec } from '../model/kernel.js';
import type { KernelIdentity } from '../model/kernel-identity.js';
import type { Cache } from '../util/cache.js';
import { exists } from '../util/io.js';
import { shell } from '../util/shell.js';
import { telling, type Work } from '../util/work.js';
import { resolveStock } from './stock.js';

/** Kind of the cache's entries. */
const KIND = 'vmlinux';
const FILE = 'vmlinux';

const keyOf = (release: string, version: string, arch: string): string =>
  `${release}_${version}_${arch}`;

/** vmlinux of a build folder; undefined where it has no debug information. */
export async function builtVmlinux(
  build: string,
  config: KernelConfig,
): Promise<string | undefined> {
  if (config.get('DEBUG_INFO') !== 'y') return undefined;
  const file = path.join(build, FILE);
  return (await exists(file)) ? file : undefined;
}

/** vmlinux of a Debian kernel, where {@link fetchVmlinux} has left it in the cache. */
export async function cachedVmlinux(
  { root }: Pick<Cache, 'root'>,
  { release, version, arch }: Pick<KernelIdentity, 'release' | 'version' | 'arch'>,
): Promise<string | undefined> {
  // What follows a comma is of a module that was rebuilt (patch/module.ts).
  const key = keyOf(release, version.replace(/^Debian /, '').replace(/,.*/, ''), arch);
  const file = path.join(root, KIND, key, FILE);
  return (await exists(file)) ? file : undefined;
}

/**
 * Fetches the -dbg package of a Debian kernel (283 MB for 6.1's cloud-amd64) and keeps its vmlinux
 * alone (590 MB): its modules are as large again.
 * @returns the path in the cache
 * @throws DmraceError (usage) for another specification than `debian`; (environment) when it cannot
 *   be had; AbortError after an interrupt.
 */
export async function fetchVmlinux(given: Work, text: string): Promise<string> {
  const spec = parseKernelSpec(text);
  if (spec.from !== 'debian') {
    throw new DmraceError('usage', {
      observed: `kernel fetch --vmlinux ${text}: only Debian's kernels are fetched`,
      action:
        spec.from === 'src'
          ? 'build it with debug information: dmrace kernel build SPEC --profile base,debug-info'
          : 'name one, e.g. debian:6.12',
    });
  }
  const work = telling(given, given.say);
  const { cache, arch, signal, say } = work;
  const { archive, stock } = await resolveStock(work, spec);
  const pack = {
    name: `${stock.image.name.replace(/-unsigned$/, '')}-dbg`,
    version: stock.image.version,
  };
  if (!(await archive.versions(pack.name)).includes(pack.version)) {
    throw new DmraceError('environment', {
      observed: `${archive.suite} has no ${pack.name} ${pack.version}`,
      action: 'name a version whose debug information Debian still has',
    });
  }
  const key = keyOf(stock.abi, pack.version, arch.name);
  const entry = await cache.entry(KIND, key, async (directory) => {
    const deb = await archive.download(pack);
    const started = Date.now();
    await shell(directory, signal)`
      dpkg-deb --fsys-tarfile ${deb} | tar -x --wildcards --strip-components=5 ${`./usr/lib/debug/boot/vmlinux-*`}
      mv vmlinux-* ${FILE}`;
    say(`unpacked vmlinux of ${pack.name} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
  });
  // It is as large as the rest of the cache together, and nobody reads it twice.
  await archive.forget(pack);
  return path.join(entry, FILE);
}
