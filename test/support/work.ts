// SPDX-License-Identifier: MIT
import { ARCH } from '../../harness/model/arch/index.js';
import { openCache } from '../../harness/util/cache.js';
import type { Work } from '../../harness/util/work.js';

/** What adapters work with in a test: the cache of all, an x86-64 guest, told to nobody, unstopped. */
export async function testWork(other: Partial<Work> = {}): Promise<Work> {
  return {
    cache: other.cache ?? (await openCache()),
    arch: ARCH.x86_64,
    say: () => undefined,
    signal: new AbortController().signal,
    ...other,
  };
}
