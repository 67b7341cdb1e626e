// SPDX-License-Identifier: MIT
import { ARCH, type Arch } from '../../harness/model/arch/index.js';
import { Cache } from '../../harness/util/cache.js';
import type { Work } from '../../harness/util/work.js';

/** What both scripts are told: folder of the modules, image (`-`: none), architecture. */
export function ask(args: readonly string[]): {
  readonly modules: string;
  readonly image: string | null;
  readonly work: Work;
} {
  const [modules, image, name = 'x86_64'] = args;
  const arch: Arch | undefined = Object.values(ARCH).find((one) => one.name === name);
  if (modules === undefined || image === undefined || arch === undefined) {
    throw new Error('usage: node bench/audit/run.mjs static|truth … MODULES IMAGE [x86_64|arm64]');
  }
  const { signal } = new AbortController();
  const say = (line: string): void => console.error(line);
  // Nothing of a cache is used.
  const work = { arch, say, signal, cache: new Cache('/nonexistent', signal) };
  return { modules, image: image === '-' ? null : image, work };
}
