// SPDX-License-Identifier: MIT
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { DmraceError, headlineOf, isOfKind } from '../../model/errors.js';
import { runTool } from '../../util/command.js';
import { moduleName, type OwnModule } from './plan.js';

const SUFFIX = /\.ko(\.xz|\.zst|\.gz)?$/;

/** The modules of a kernel by name: those that are files, and those that are built in. */
export interface KernelModules {
  readonly available: ReadonlySet<string>;
  readonly builtin: ReadonlySet<string>;
}

const nameOf = (file: string): string => moduleName(path.basename(file).replace(SUFFIX, ''));

/**
 * What a kernel has as modules.
 * @param folder its /lib/modules/RELEASE
 * @throws DmraceError (inconclusive) for a kernel without modules
 */
export async function kernelModules(folder: string): Promise<KernelModules> {
  const files = await readdir(folder, { recursive: true }).catch(() => []);
  const available = new Set(files.filter((file) => SUFFIX.test(file)).map(nameOf));
  const builtin = await readFile(path.join(folder, 'modules.builtin'), 'utf8').catch(() => '');
  if (available.size === 0) {
    throw new DmraceError('inconclusive', {
      observed: `${folder} holds no module (*.ko, *.ko.xz, *.ko.zst, *.ko.gz)`,
      limit: 'at least 1',
      artefact: folder,
      action: 'name a kernel with CONFIG_MODULES=y, with the folder that its modules are in',
    });
  }
  return { available, builtin: new Set(builtin.split('\n').filter(Boolean).map(nameOf)) };
}

/**
 * A module of the user's own: its name, and the kernel that it is built for.
 * @throws DmraceError (usage) where there is no such file, or it is no module
 */
export async function ownModule(file: string): Promise<OwnModule> {
  const whole = path.resolve(file);
  const refused = (observed: string): DmraceError =>
    new DmraceError('usage', {
      observed: `--module ${file}: ${observed}`,
      artefact: whole,
      action: 'name a kernel module that is built, such as ./foo.ko',
    });
  const found = await stat(whole).catch(() => null);
  if (!found?.isFile()) throw refused(found ? 'it is no file' : 'there is no such file');
  if (!SUFFIX.test(whole)) throw refused('its name does not end in .ko');
  const field = (name: string): Promise<string> =>
    runTool('modinfo', ['-F', name, whole]).catch((error: unknown) => {
      if (isOfKind(error, 'tool-failed') && !/cannot be run/.test(headlineOf(error))) {
        throw refused('modinfo cannot read it as a module');
      }
      throw error;
    });
  const [name = ''] = (await field('name')).trim().split('\n');
  const [release = ''] = (await field('vermagic')).trim().split(' ');
  return { module: moduleName(name === '' ? nameOf(whole) : name), file: whole, release };
}
