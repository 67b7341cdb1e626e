// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { fetchAhead } from '../rig/fetch-ahead.js';
import { guestArch } from '../rig/guest-arch.js';
import { openCache } from '../util/cache.js';
import { say } from './streams.js';

/**
 * What `npm start` has downloaded while it installs tools: for a run without arguments and settings,
 * of which it is known what it needs. What goes wrong the run itself will meet, and tell.
 */
export async function downloadAhead(argv: readonly string[], signal: AbortSignal): Promise<void> {
  const set = Object.keys(process.env).some((name) => /^DMRACE_(KERNEL|ARCH)$/.test(name));
  if (argv.length > 0 || set || existsSync('dmrace.config.json')) return;
  try {
    const cache = await openCache(signal);
    const tell = (line: string): void => say(`${line}\n`);
    await fetchAhead({ cache, arch: guestArch(undefined), say: tell, signal }, 'debian');
  } catch {
    // the run tells
  }
}
