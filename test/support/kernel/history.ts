// SPDX-License-Identifier: MIT
// A small history of drivers/md for a kernel tree: ten commits on the sources as they are, of which
// one moves the release method into the module and one does not build.
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';

interface Edit {
  readonly file: string;
  /** Must occur exactly once; null: the whole file, which is removed. */
  readonly find: string | null;
  readonly replace: string;
}

interface Commit {
  readonly subject: string;
  readonly edits: readonly Edit[];
}

/** The commit that a bisection must find. */
export const CULPRIT = 'dm sysfs: the release method is nobody else’s business';

/** The commit that does not compile; the one after it mends that. */
export const BROKEN = 'dm target: half of a change';

/** After the commit `first`, which holds drivers/md as it was found. The last one is bad. */
export const HISTORY: readonly Commit[] = [
  {
    subject: 'dm sysfs: a constant needs no format',
    edits: [
      { file: 'dm-sysfs.c', find: 'sprintf(buf, "%d\\n", true);', replace: 'strcpy(buf, "1\\n");' },
    ],
  },
  {
    subject: 'dm: Makefile, say what dm-mod is',
    edits: [
      {
        file: 'Makefile',
        find: 'dm-mod-y\t+= dm.o',
        replace: '# The core of device mapper\ndm-mod-y\t+= dm.o',
      },
    ],
  },
  {
    subject: 'dm target: say which target it was',
    edits: [
      {
        file: 'dm-target.c',
        find: 'DMCRIT("Unregistering unrecognised target: %s", tt->name);',
        replace: 'DMCRIT("Unregistering unrecognised target: \'%s\'", tt->name);',
      },
    ],
  },
  {
    subject: 'dm builtin: an assertion',
    edits: [
      {
        file: 'dm-builtin.c',
        find: '\tcomplete(dm_get_completion_from_kobject(kobj));',
        replace:
          '\tif (WARN_ON_ONCE(!kobj))\n\t\treturn;\n\tcomplete(dm_get_completion_from_kobject(kobj));',
      },
    ],
  },
  {
    subject: 'dm: say goodbye in other words',
    edits: [{ file: 'dm.c', find: 'DMINFO("cleaned up");', replace: 'DMINFO("gone");' }],
  },
  {
    subject: CULPRIT,
    edits: [
      { file: 'dm-builtin.c', find: null, replace: '' },
      { file: 'Makefile', find: 'obj-$(CONFIG_BLK_DEV_DM_BUILTIN) += dm-builtin.o\n', replace: '' },
      { file: 'Kconfig', find: 'config BLK_DEV_DM_BUILTIN\n\tbool\n\n', replace: '' },
      { file: 'Kconfig', find: '\tselect BLK_DEV_DM_BUILTIN\n', replace: '' },
      {
        file: 'dm-sysfs.c',
        find: 'static const struct kobj_type dm_ktype = {',
        replace:
          'void dm_kobject_release(struct kobject *kobj)\n{\n\tcomplete(dm_get_completion_from_kobject(kobj));\n}\n\nstatic const struct kobj_type dm_ktype = {',
      },
    ],
  },
  {
    subject: BROKEN,
    edits: [
      {
        file: 'dm-target.c',
        find: 'DMCRIT("Unregistering unrecognised target: \'%s\'", tt->name);',
        replace: 'dm_complain_about(tt);',
      },
    ],
  },
  {
    subject: 'dm target: the other half',
    edits: [
      {
        file: 'dm-target.c',
        find: 'void dm_unregister_target(struct target_type *tt)\n{',
        replace:
          'static void dm_complain_about(struct target_type *tt)\n{\n\tDMCRIT("Unregistering unrecognised target: %s", tt->name);\n}\n\nvoid dm_unregister_target(struct target_type *tt)\n{',
      },
    ],
  },
  {
    subject: 'dm: a comment',
    edits: [
      { file: 'dm.c', find: 'DMINFO("gone");', replace: '/* the last words */\n\tDMINFO("gone");' },
    ],
  },
  {
    subject: 'dm sysfs: and back to the format',
    edits: [
      { file: 'dm-sysfs.c', find: 'strcpy(buf, "1\\n");', replace: 'sprintf(buf, "%d\\n", true);' },
    ],
  },
];

/** What the history was written from. */
const NOTE = '.git/dmrace-history.json';

/** git with an identity and a time of its own, so that the same sources give the same commits. */
const git = (tree: string, ...args: string[]): Promise<unknown> =>
  execa('git', ['-C', tree, '-c', 'gc.auto=0', '-c', 'core.autocrlf=false', ...args], {
    env: {
      GIT_AUTHOR_NAME: 'dmrace',
      GIT_AUTHOR_EMAIL: 'dmrace@localhost',
      GIT_AUTHOR_DATE: '2026-01-01T00:00:00Z',
      GIT_COMMITTER_NAME: 'dmrace',
      GIT_COMMITTER_EMAIL: 'dmrace@localhost',
      GIT_COMMITTER_DATE: '2026-01-01T00:00:00Z',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_SYSTEM: '/dev/null',
    },
  });

/**
 * Makes a repository of the tree in which only drivers/md is tracked: tag `first` is what was there,
 * branch `main` ends with the last commit. Checked out is `first`.
 * @throws Error when the sources are not those that the edits were written for.
 */
export async function writeHistory(tree: string): Promise<void> {
  const md = path.join(tree, 'drivers/md');
  await git(tree, 'init', '-q', '-b', 'main');
  await writeFile(path.join(tree, '.git/info/exclude'), '/*\n');
  await git(tree, 'add', '-f', 'drivers/md');
  await git(tree, 'commit', '-qm', 'drivers/md as it was found');
  await git(tree, 'tag', 'first');
  for (const { subject, edits } of HISTORY) {
    for (const edit of edits) await apply(path.join(md, edit.file), edit);
    await git(tree, 'commit', '-qam', subject);
  }
  await git(tree, 'checkout', '-q', 'first');
  await writeFile(path.join(tree, NOTE), JSON.stringify(HISTORY));
}

/**
 * Writes the history again when the one that the tree has is an older version of this file's.
 * @returns whether there is one; false where no tree was finished
 */
export async function refreshHistory(tree: string): Promise<boolean> {
  const note = await readFile(path.join(tree, NOTE), 'utf8').catch(() => null);
  if (note === null) return false;
  if (note === JSON.stringify(HISTORY)) return true;
  await git(tree, 'checkout', '-qf', 'first');
  await rm(path.join(tree, '.git'), { recursive: true });
  await writeHistory(tree);
  return true;
}

/** Replaces the file, which may be a hard link to somebody else's. */
async function apply(file: string, { find, replace }: Edit): Promise<void> {
  const text = await readFile(file, 'utf8');
  await rm(file);
  if (find === null) return;
  if (text.split(find).length !== 2) throw new Error(`${file} has not exactly one: ${find}`);
  await writeFile(
    file,
    text.replace(find, () => replace),
  );
}
