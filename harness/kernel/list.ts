// SPDX-License-Identifier: MIT
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import prettyBytes from 'pretty-bytes';

const names = (folder: string): Promise<string[]> =>
  readdir(folder).then(
    (all) => all.filter((name) => !name.includes('.part-')).sort(),
    () => [],
  );

/**
 * One line for each kernel in the cache: where it is from, its release, its version or size and
 * compiler.
 */
export async function listKernels(root: string): Promise<string[]> {
  const lines: string[] = [];
  for (const name of await names(path.join(root, 'image'))) {
    const [abi = '', version = ''] = name.split('_');
    lines.push(`debian  ${abi}  ${version}`);
  }
  for (const name of await names(path.join(root, 'source'))) {
    const [, version = ''] = name.split('_');
    lines.push(`source  ${version}  ${path.join(root, 'source', name)}`);
  }
  for (const name of await names(path.join(root, 'built'))) {
    const folder = path.join(root, 'built', name);
    const config = await readFile(path.join(folder, 'config'), 'utf8').catch(() => '');
    const image = await stat(path.join(folder, 'image')).catch(() => null);
    const release = /^# Linux\/\S+ (\S+) Kernel Configuration$/m.exec(config)?.[1] ?? 'unknown';
    // Kconfig writes what the compiler says of itself (init/Kconfig, since 5.8).
    const compiler = /^CONFIG_CC_VERSION_TEXT="(.*)"$/m.exec(config)?.[1] ?? 'compiler unknown';
    lines.push(`built   ${release}  ${prettyBytes(image?.size ?? 0)}  ${compiler}  ${folder}`);
  }
  return lines;
}
