// SPDX-License-Identifier: MIT

/**
 * What the builders of kernels need to know of a suspect, the module whose unload is asked about:
 * where its sources are, what they make, and how its control differs. Data only.
 */
export interface SuspectBuild {
  /** Its name in /proc/modules, e.g. `dm_mod`. */
  readonly module: string;
  /** The object that make builds in {@link directory} and that the guest loads, e.g. `dm-mod.ko`. */
  readonly object: string;
  /** Folder of its sources below the top of a kernel tree, e.g. `drivers/md`. */
  readonly directory: string;
  /** Kconfig option without CONFIG_ that has to be `m`, e.g. `BLK_DEV_DM`. */
  readonly option: string;
  /** The method whose home is asked about: in vmlinux, or in the module. */
  readonly method: string;
  /**
   * Files of {@link directory} that show that a tree has the method at all: one of them has to be
   * there and, where `text` is given, to match it.
   */
  readonly methodSources: readonly { readonly file: string; readonly text: RegExp | null }[];
  /** The first version that has the method, for people, e.g. `3.14`. */
  readonly methodSince: string;
  /** The control's change to the sources: a file of kernel-config/. */
  readonly change: string;
}
