// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { outsideModule } from '../../../../harness/kernel/patch/scope.js';

const SUSPECT = { directory: 'drivers/md', object: 'dm-mod.ko' };
const SOURCES = new Map([
  [
    'Makefile',
    'dm-mod-y\t+= dm.o dm-table.o \\\n\t\t   dm-io.o\nifeq ($(CONFIG_DM_UEVENT),y)\ndm-mod-objs\t\t\t+= dm-uevent.o\nendif\nobj-$(CONFIG_BLK_DEV_DM_BUILTIN) += dm-builtin.o\ndm-crypt-y += dm-crypt.o\n',
  ],
  ['dm.c', '#include "dm-core.h"\n#include "dm-uevent.h"\n#include "dm-own.h"\n'],
  ['dm-table.c', '#include "dm-core.h"\n'],
  ['dm-io.c', ''],
  ['dm-uevent.c', '#include "dm-uevent.h"\n'],
  ['dm-builtin.c', '#include "dm-core.h"\n#include <linux/completion.h>\n'],
  ['dm-crypt.c', ''],
  ['dm-core.h', '#include "dm.h"\n'],
  ['dm.h', ''],
  ['dm-uevent.h', ''],
  ['dm-own.h', ''],
  ['bcache/super.c', '#  include "../md-x.h"\n'],
  ['md-x.h', ''],
]);
const outside = (...files: string[]) => outsideModule(files, SOURCES, SUSPECT);

describe('outsideModule()', () => {
  it.each([
    'dm.c',
    'dm-table.c',
    'dm-io.c',
    'dm-uevent.c',
    'dm-uevent.h',
    'dm-own.h',
    'Makefile',
    'dm-new.c',
  ])('%s is the module’s', (name) => expect(outside(`drivers/md/${name}`)).toEqual([]));

  it.each([
    ['drivers/md/dm-builtin.c', 'is not part of dm-mod.ko'],
    ['drivers/md/dm-crypt.c', 'is not part of dm-mod.ko'],
    ['drivers/md/dm-core.h', 'is included by drivers/md/dm-builtin.c'],
    ['drivers/md/dm.h', 'is included by drivers/md/dm-builtin.c'],
    ['drivers/md/md-x.h', 'is included by drivers/md/bcache/super.c'],
    ['drivers/md/Kconfig', 'asks for another configuration'],
    ['block/genhd.c', 'is not in drivers/md'],
    ['drivers/md2/x.c', 'is not in drivers/md'],
    ['include/linux/device-mapper.h', 'is not in drivers/md'],
  ])('%s %s', (file, why) => expect(outside('drivers/md/dm.c', file)).toEqual([`${file} ${why}`]));

  it('a module of one source is that source', () => {
    const sources = new Map([
      ['Makefile', 'obj-m += one.o'],
      ['one.c', ''],
      ['two.c', ''],
    ]);
    const suspect = { directory: 'd', object: 'one.ko' };
    expect(outsideModule(['d/one.c'], sources, suspect)).toEqual([]);
    expect(outsideModule(['d/two.c'], sources, suspect)).toHaveLength(1);
  });
});
