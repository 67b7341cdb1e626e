// SPDX-License-Identifier: MIT

/** A module's name as /proc/modules has it, from its file's: `snd-aloop.ko.xz` is `snd_aloop`. */
export const moduleName = (file: string): string =>
  (file.split('/').at(-1) ?? '').replace(/\.ko(\.\w+)?$/, '').replaceAll('-', '_');
