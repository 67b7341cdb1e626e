// SPDX-License-Identifier: MIT
import type { Fault } from '../../model/audit.js';

/**
 * A method that the kernel calls when the last reference to something is dropped, by whomever and
 * whenever that is. The structs are the kernel's; sizes and offsets come from its own type data.
 */
export interface ReleaseMethod {
  readonly struct: string;
  /** Path within the struct. */
  readonly path: string;
  /** What it means in the live part; null where that part has no word of its own. */
  readonly fault: Fault | null;
  /**
   * What such variables and methods are called, where there is no type data to tell; null where
   * names tell nothing (of 73 variables called like a device, 2 were one in 6.1).
   */
  readonly called: { readonly variable: RegExp; readonly method: RegExp } | null;
}

/**
 * Structs of which a module has static ones, whose release-like member is called without a
 * reference to the module (linux 6.12). Left out are those that the caller keeps the module for:
 * `file_operations.release` (__fput() drops `owner` after it), `proto_ops`, `super_operations`,
 * `configfs_item_operations` (`ct_owner`), `dma_buf_ops` (`owner`). `bus_type` and `device_driver`
 * have no release-like member, and `video_device.release` never points into the driver (0 in 6.1
 * and 6.12).
 */
export const METHODS: readonly ReleaseMethod[] = [
  // kobject_cleanup(), lib/kobject.c
  method('kobj_type.release', 'ktype', /k_?type|kobj_?type/),
  // device_release(), drivers/base/core.c: the type's, else the class's
  method('device_type.release', 'device-type', /(?:dev|device)_?type|_type$/),
  method('class.dev_release', 'device-class', /class/),
  // class_release(), drivers/base/class.c
  method('class.class_release', 'class-release', /class/, /class_release|release_class/),
  // disk_release(), block/genhd.c
  method('block_device_operations.free_disk', 'disk-fops', /ops$/, /free_disk/),
  // The device itself lies in the module; its own method comes before the type's (device_release()).
  method('device.release', 'object-in-module', null),
  method('platform_device.dev.release', 'object-in-module', null),
  // dma_fence_release(), drivers/dma-buf/dma-fence.c: a fence is held by whoever waits for it
  method('dma_fence_ops.release', null, /fence.*ops/),
  // mmu_notifier_free_rcu(), mm/mmu_notifier.c, by call_srcu(): mmu_notifier_synchronize() waits
  method('mmu_notifier_ops.free_notifier', null, /ops/, /free_notifier/),
  // tty_port_destructor(), drivers/tty/tty_port.c
  method('tty_port_operations.destruct', null, /port.*ops/, /destr/),
  // pipe_buf_release(), include/linux/pipe_fs_i.h: a pipe holds no module
  method('pipe_buf_operations.release', null, /pipe.*ops/),
];

function method(
  member: string,
  fault: Fault | null,
  variable: RegExp | null,
  called = /release/,
): ReleaseMethod {
  const dot = member.indexOf('.');
  return {
    struct: member.slice(0, dot),
    path: member.slice(dot + 1),
    fault,
    called: variable === null ? null : { variable, method: called },
  };
}

/** `kobj_type.release`, as {@link METHODS} are named in reports. */
export const memberName = ({ struct, path }: ReleaseMethod): string => `${struct}.${path}`;
