// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import tar from 'tar-fs';

/** What the Dockerfile copies; package-lock.json is not in an installed npm package. */
const WHOLE = [
  ...['Dockerfile', 'package.json', 'package-lock.json', 'vm', 'kernel-config'],
  ...['LICENSE', 'LICENSES', 'THIRD-PARTY-NOTICES.txt'],
];

/**
 * Paths of the build context below the project's folder, sorted. Only programs are taken of dist/.
 */
export async function contextFiles(root: string): Promise<string[]> {
  const files: string[] = [];
  const add = async (name: string, wanted: (file: string) => boolean): Promise<void> => {
    const found = await stat(path.join(root, name)).catch(() => null);
    if (found?.isFile()) files.push(name);
    if (!found?.isDirectory()) return;
    const below = await readdir(path.join(root, name), { recursive: true, withFileTypes: true });
    for (const entry of below) {
      const file = path.join(path.relative(root, entry.parentPath), entry.name);
      if (entry.isFile() && wanted(file)) files.push(file);
    }
  };
  for (const name of WHOLE) await add(name, () => true);
  await add('dist', (file) => file.endsWith('.js'));
  return files.sort();
}

/** SHA-256 of the context's names, modes and contents and of the build arguments. */
export async function contextHash(
  root: string,
  files: readonly string[],
  buildArgs: Readonly<Record<string, string>>,
): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) {
    const executable = ((await stat(path.join(root, file))).mode & 0o100) !== 0;
    const bytes = await readFile(path.join(root, file));
    hash.update(`${file}\0${executable ? 'x' : '-'}\0${bytes.length}\0`).update(bytes);
  }
  hash.update(JSON.stringify(Object.entries(buildArgs).sort()));
  return hash.digest('hex');
}

/** The context as tar; owners and times do not count, so the same files give the same bytes. */
export function contextTar(root: string, files: readonly string[]): Readable {
  return tar.pack(root, {
    entries: [...files],
    map: (header) => ({ ...header, uid: 0, gid: 0, uname: '', gname: '', mtime: new Date(0) }),
  });
}
