// SPDX-License-Identifier: MIT
import { rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runTool } from '../util/command.js';

/** A configuration that is cut down, see {@link trimModules}. */
export interface Trimming {
  /** The build folder. */
  readonly build: string;
  /** The configuration, settled by olddefconfig; replaced by what is left of it. */
  readonly draft: string;
  /** What make is told besides the target: both folders, architecture, compiler. */
  readonly make: readonly string[];
  /** Modules that stay, as /proc/modules names them; what they depend on stays too. */
  readonly needed: readonly string[];
  readonly signal: AbortSignal;
}

/** A list of modules in the form of lsmod, whose first line is skipped. Exported for its test. */
export const lsmodList = (modules: readonly string[]): string =>
  ['Module                  Size  Used by', ...modules.map((name) => `${name} 0 0`), ''].join('\n');

/** More answers than Kconfig has questions; an empty one takes the default. */
const DEFAULTS = '\n'.repeat(100_000);

/**
 * Has the kernel's own `localmodconfig` switch off every module that is not needed. It reads and
 * writes `.config` in the build folder, whatever KCONFIG_CONFIG says (scripts/kconfig/Makefile and
 * streamline_config.pl, 5.10 and 6.12), so the draft stands there meanwhile; the build's own comes
 * back with its time.
 * @throws DmraceError (environment, tool-failed) when make fails; AbortError after an interrupt.
 */
export async function trimModules(trimming: Trimming): Promise<void> {
  const { build, draft, make, needed, signal } = trimming;
  const list = path.join(build, 'dmrace.lsmod');
  const config = path.join(build, '.config');
  const own = path.join(build, '.config.dmrace-own');
  await writeFile(list, lsmodList(needed));
  const isThere = await moved(config, own);
  try {
    await rename(draft, config);
    const args = ['-s', ...make, 'KCONFIG_CONFIG=.config', `LSMOD=${list}`, 'localmodconfig'];
    await runTool('make', args, { signal, input: DEFAULTS });
  } finally {
    await moved(config, draft);
    if (isThere) await rename(own, config);
  }
  // What it leaves behind: the configuration as it was.
  await rm(`${config}.old`, { force: true });
}

/** Renames a file; @returns whether it was there. */
async function moved(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}
