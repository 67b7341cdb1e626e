// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Overlay } from '../../../../harness/kernel/patch/apply.js';
import { filesRead, LinkedTree } from '../../../../harness/kernel/patch/farm.js';
import { folderOf } from './support.js';

const OLD = new Date('2020-01-01T00:00:00Z');

/** A tree whose files are old, and a place for one of links. */
function place() {
  const files: Record<string, string> = {
    'tree/Makefile': 'top',
    'tree/block/genhd.c': 'genhd',
    'tree/block/blk.h': 'blk',
    'tree/drivers/md/dm.c': 'dm',
    'tree/drivers/md/dm.h': 'dm.h',
    'tree/tools/objtool/check.c': 'check',
    'tree/tools/perf/x.c': 'perf',
    'tree/.git/HEAD': 'ref',
  };
  const folder = folderOf(files);
  symlinkSync('../block', folder.at('tree/drivers/link'));
  for (const name of Object.keys(files)) utimesSync(folder.at(name), OLD, OLD);
  const here = folder.at('linked');
  const open = () => LinkedTree.open(here, folder.at('tree'));
  const text = (name: string) => readFileSync(`${here}/${name}`, 'utf8');
  const isOld = (name: string) => statSync(path.join(here, name)).mtimeMs === OLD.getTime();
  return { folder, here, open, text, isOld };
}

const overlay = (files: Readonly<Record<string, string | null>>): Overlay =>
  new Map(
    Object.entries(files).map(([name, text]) => [
      name,
      text === null ? null : { content: Buffer.from(text), executable: false },
    ]),
  );

/** Names, sizes and all times: any write shows. */
const listing = (tree: string): string =>
  execFileSync('find', [tree, '-printf', '%P %s %T@ %C@ %n\\n'], { encoding: 'utf8' });

describe('LinkedTree', () => {
  it('has the series’ files and links to all others, and never writes to the tree', async () => {
    const { folder, open, text, isOld, here } = place();
    using _ = folder;
    const before = listing(folder.at('tree'));
    const tree = await open();
    await tree.hold(overlay({ 'drivers/md/dm.c': 'patched', 'drivers/md/new/x.c': 'new' }));
    expect(text('drivers/md/dm.c')).toBe('patched');
    expect(isOld('drivers/md/dm.c')).toBe(false);
    expect(text('drivers/md/new/x.c')).toBe('new');
    expect([text('drivers/md/dm.h'), isOld('drivers/md/dm.h')]).toEqual(['dm.h', true]);
    expect([text('block/genhd.c'), isOld('block/genhd.c')]).toEqual(['genhd', true]);
    expect(lstatSync(path.join(here, 'block')).isSymbolicLink()).toBe(true);
    expect(() => lstatSync(path.join(here, '.git'))).toThrow();
    expect(listing(folder.at('tree'))).toBe(before);
  });

  it('a build’s own folder is a folder, so that it finds this tree above itself', async () => {
    const { folder, open, here } = place();
    using _ = folder;
    await (await open()).hold(overlay({}));
    expect(lstatSync(path.join(here, 'tools/objtool')).isDirectory()).toBe(true);
    expect(lstatSync(path.join(here, 'tools/perf')).isSymbolicLink()).toBe(true);
  });

  it('another series: what it leaves alone is as it was, but new; what stays keeps its time', async () => {
    const { folder, open, text, isOld, here } = place();
    using _ = folder;
    await (await open()).hold(overlay({ 'drivers/md/dm.c': 'one', 'block/genhd.c': 'same' }));
    const at = path.join(here, 'block/genhd.c');
    utimesSync(at, OLD, OLD);
    await (await open()).hold(overlay({ 'block/genhd.c': 'same' }));
    expect(text('drivers/md/dm.c')).toBe('dm');
    expect(isOld('drivers/md/dm.c')).toBe(false);
    expect([text('block/genhd.c'), isOld('block/genhd.c')]).toEqual(['same', true]);
  });

  it('files that a series removes or makes are there again, or gone, without it', async () => {
    const { folder, open, text, here } = place();
    using _ = folder;
    await (await open()).hold(overlay({ 'drivers/md/dm.h': null, 'drivers/md/x.c': 'x' }));
    expect(() => text('drivers/md/dm.h')).toThrow();
    await (await open()).hold(overlay({}));
    expect(text('drivers/md/dm.h')).toBe('dm.h');
    expect(lstatSync(path.join(here, 'drivers/md/dm.h')).isFile()).toBe(true);
    expect(() => text('drivers/md/x.c')).toThrow();
  });

  it('follows the tree when files come, go and change there', async () => {
    const { folder, open, text } = place();
    using _ = folder;
    await (await open()).hold(overlay({ 'drivers/md/dm.c': 'patched' }));
    writeFileSync(folder.at('tree/drivers/md/more.c'), 'more');
    rmSync(folder.at('tree/drivers/md/dm.h'));
    writeFileSync(folder.at('tree/drivers/md/dm.c'), 'dm of another commit');
    mkdirSync(folder.at('tree/fs'));
    writeFileSync(folder.at('tree/fs/open.c'), 'open');
    await (await open()).hold(overlay({ 'block/genhd.c': 'patched' }));
    expect([text('drivers/md/more.c'), text('fs/open.c')]).toEqual(['more', 'open']);
    expect(text('drivers/md/dm.c')).toBe('dm of another commit');
    expect(() => text('drivers/md/dm.h')).toThrow();
  });

  it('a link of the tree leads on inside', async () => {
    const { folder, open, text } = place();
    using _ = folder;
    await (await open()).hold(overlay({ 'drivers/md/dm.c': 'x', 'block/genhd.c': 'patched' }));
    expect(text('drivers/link/genhd.c')).toBe('patched');
  });

  it('a compiler that went up through a linked folder is told apart, and led back', async () => {
    const { folder, open, text, here } = place();
    using _ = folder;
    const tree = await open();
    await tree.hold(overlay({ 'block/blk.h': 'patched' }));
    const way = 'drivers/md/../../block/blk.h';
    expect(text(way)).toBe('blk'); // the other tree's
    expect(await tree.strays([path.join(here, 'drivers/md/dm.h')])).toBe(false);
    expect(await tree.strays([`${here}/${way}`])).toBe(true);
    expect(text(way)).toBe('patched');
    expect(await tree.strays([`${here}/${way}`])).toBe(false);
  });

  it('what is read by the other tree’s own path cannot be led back', async () => {
    const { folder, open } = place();
    using _ = folder;
    const tree = await open();
    await tree.hold(overlay({ 'block/blk.h': 'patched' }));
    await expect(tree.strays([folder.at('tree/block/blk.h')])).rejects.toThrowError(
      /reads block\/blk\.h, which the series changes/,
    );
    expect(await tree.strays([folder.at('tree/block/genhd.c')])).toBe(false);
  });

  it('finds such paths in what kbuild wrote down', async () => {
    const { folder, open, here } = place();
    using _ = folder;
    const tree = await open();
    using build = folderOf({
      'a/.x.o.cmd': `deps_a/x.o := \\\n  ${here}/include/x.h \\\n  ${here}/a/../b/y.h \\\n  ${folder.at('tree')}/tools/z.h \\\n`,
      'a/x.o': `${here}/a/../c/no.h`,
    });
    expect([...(await filesRead(build.root, tree.passes))].sort()).toEqual(
      [`${here}/a/../b/y.h`, folder.at('tree/tools/z.h')].sort(),
    );
  });
});
