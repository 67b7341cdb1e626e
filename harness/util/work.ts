// SPDX-License-Identifier: MIT
import type { Arch } from '../model/arch/index.js';
import type { Cache } from './cache.js';

/** Takes one line about how far long work is, for people. */
export type Say = (line: string) => void;

/**
 * What every adapter works with: where it keeps things, for which guests it works, whom it tells
 * how far it is, and what stops it. One object, made by a command and handed down whole.
 */
export interface Work {
  readonly cache: Cache;
  /** Architecture of the guests. */
  readonly arch: Arch;
  readonly say: Say;
  /** Stops downloads, compilers and machines. */
  readonly signal: AbortSignal;
}

/** The same work, told to somebody else; waits for locks of the cache are told there too. */
export const telling = (work: Work, say: Say): Work => ({
  ...work,
  cache: work.cache.telling(say),
  say,
});
