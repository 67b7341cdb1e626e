// SPDX-License-Identifier: MIT
import path from 'node:path';
import type { SuspectBuild } from '../../model/suspect-build.js';

/**
 * What of a series is not of the suspect's module alone, so that a kernel that is booted as it is
 * would go on with its old form: files elsewhere, sources of other objects of the folder (of
 * drivers/md dm-builtin.c, which is in vmlinux), and headers that those include, be it through
 * another header. A Makefile may change: what it adds is built.
 * @param files of the series, by path below the top of a tree
 * @param sources C files, headers and Makefile of the suspect's folder, by path below it
 * @returns a line for each, with why; empty when the module is all there is
 */
export function outsideModule(
  files: readonly string[],
  sources: ReadonlyMap<string, string>,
  suspect: Pick<SuspectBuild, 'directory' | 'object'>,
): string[] {
  const own = objectsOf(suspect.object, sources.get('Makefile') ?? '');
  const foreign = [...sources.keys()].filter(
    (name) => name.endsWith('.c') && !own.has(name.replace(/\.c$/, '.o')),
  );
  const users = usersOf(foreign, sources);
  return files.flatMap((file) => {
    const name = path.relative(suspect.directory, file);
    if (name.startsWith('..')) return [`${file} is not in ${suspect.directory}`];
    if (path.basename(name).startsWith('Kconfig'))
      return [`${file} asks for another configuration`];
    if (foreign.includes(name)) return [`${file} is not part of ${suspect.object}`];
    const user = users.get(name);
    return user === undefined
      ? []
      : [`${file} is included by ${path.join(suspect.directory, user)}`];
  });
}

/**
 * Objects of a composite module: `NAME-y`, `NAME-objs` and `NAME-$(CONFIG_X)`
 * (Documentation/kbuild/makefiles.rst, "Composite objects").
 */
function objectsOf(object: string, makefile: string): ReadonlySet<string> {
  const name = object.replace(/\.ko$/, '');
  const lines = makefile.replaceAll('\\\n', ' ');
  const list = new RegExp(`^\\s*${name}-(?:y|objs|\\$\\([^)]*\\))\\s*[:+]?=(.*)$`, 'gm');
  const objects = [...lines.matchAll(list)].flatMap(([, words = '']) =>
    words.split(/\s+/).filter((word) => word.endsWith('.o')),
  );
  return new Set(objects.length > 0 ? objects : [`${name}.o`]);
}

/** For each header that some of the sources include, directly or not, one of those. */
function usersOf(
  from: readonly string[],
  sources: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const users = new Map<string, string>();
  const visit = (name: string, user: string): void => {
    for (const [, header = ''] of (sources.get(name) ?? '').matchAll(
      /^\s*#\s*include\s+"([^"]+)"/gm,
    )) {
      const file = path.join(path.dirname(name), header);
      if (users.has(file) || !sources.has(file)) continue;
      users.set(file, user);
      visit(file, user);
    }
  };
  for (const name of from) visit(name, name);
  return users;
}
