// SPDX-License-Identifier: MIT
import { open, readdir, readlink, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DmraceError } from '../model/errors.js';
import { runTool } from '../util/command.js';

const BLOCK = 4096;
/** Inode of 256 bytes (mke2fs.conf), and for a folder at least one block of its own. */
const INODE = 256;
/** Superblocks, bitmaps and folders that take more than a block. */
const SLACK = 4 << 20;

/** No clock and no chance: times, the UUID and the seed of folders' hashes are the same each time. */
const STEADY = {
  env: { E2FSPROGS_FAKE_TIME: '1', MKE2FS_CONFIG: '/dev/null' },
  uuid: '646d7261-6365-4175-8469-740000000000',
};

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

interface Plan {
  /** What debugfs is told, one command a line. */
  readonly commands: readonly string[];
  readonly bytes: number;
  readonly inodes: number;
}

/** Folders first, then files and symbolic links, each in the order of their names. */
async function plan(root: string): Promise<Plan> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  const named = entries
    .map((entry) => ({
      entry,
      name: path.relative(root, path.join(entry.parentPath, entry.name)),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const folders: string[] = [];
  const rest: string[] = [];
  let bytes = 0;
  for (const { entry, name } of named) {
    const file = path.join(root, name);
    if (entry.isDirectory()) {
      folders.push(`mkdir ${quoted(name)}`);
      bytes += BLOCK;
    } else if (entry.isSymbolicLink()) {
      rest.push(`symlink ${quoted(name)} ${quoted(await readlink(file))}`);
      bytes += BLOCK;
    } else {
      rest.push(`write ${quoted(file)} ${quoted(name)}`);
      bytes += Math.ceil((await stat(file)).size / BLOCK) * BLOCK;
    }
  }
  return { commands: [...folders, ...rest], bytes, inodes: named.length };
}

/**
 * Makes an ext4 image of a folder, as small as it can be, without mounting anything. The same folder
 * gives the same bytes: everything in it belongs to root and is of the same second. `mke2fs -d` would
 * copy the host's change times, which nothing can set (e2fsprogs 1.47.0, misc/create_inode.c).
 * @param image is written; holes stay holes
 * @throws DmraceError (environment) when a tool fails or a file could not be written; AbortError.
 */
export async function ext4Image(root: string, image: string, signal: AbortSignal): Promise<void> {
  const { commands, bytes, inodes } = await plan(root);
  const size = Math.ceil((bytes * 1.02 + inodes * INODE * 1.1 + SLACK) / (1 << 20)) << 20;
  const file = await open(image, 'wx');
  await file.truncate(size).finally(() => file.close());
  const { env, uuid } = STEADY;
  const features = '^has_journal,^resize_inode,extent,filetype,flex_bg,sparse_super,large_file';
  await runTool(
    'mke2fs',
    [
      ...['-q', '-F', '-t', 'ext4', '-b', `${BLOCK}`, '-I', `${INODE}`, '-m', '0'],
      ...['-O', features, '-N', `${inodes + 64}`, '-U', uuid],
      ...['-E', `hash_seed=${uuid},root_owner=0:0,nodiscard,lazy_itable_init=0`, image],
    ],
    { env, signal },
  );
  const script = `${image}.debugfs`;
  await writeFile(script, `${commands.join('\n')}\n`);
  const said = await runTool('debugfs', ['-w', '-f', script, image], {
    env,
    signal,
    withStderr: true,
  });
  // debugfs ends with 0 whatever became of its commands; beside its echo it says only this.
  const wrong = said
    .split('\n')
    .filter((line) => !/^(?:debugfs(?:: | \d)|Allocated inode: |\s*$)/.test(line));
  if (wrong.length === 0) return;
  throw new DmraceError('environment', {
    observed: `debugfs could not fill ${path.basename(image)}: ${wrong[0]}`,
    artefact: script,
    action: wrong.some((line) => /No space|free/.test(line))
      ? 'this is a bug of dmrace: the image was planned too small; report it'
      : 'free some disk space, and run again',
  });
}
