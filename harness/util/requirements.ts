// SPDX-License-Identifier: MIT
import type { Arch } from '../model/arch/index.js';
import { crossPrefix, hostArch } from './toolchain.js';

/** Something the harness needs from the host. */
export interface Requirement {
  /** A command on PATH, or an absolute path. */
  readonly needs: string;
  /** The Debian package that has it. */
  readonly package: string;
  readonly why: string;
}

/** Everything a run needs, for one guest architecture. */
export function requirements(arch: Arch): Requirement[] {
  const cross = crossPrefix(arch);
  const native = cross === '';
  const suffix = native ? '' : `-${arch.names.triplet}`;
  return [
    { needs: arch.qemu.binary, package: arch.qemu.package, why: 'runs the guest' },
    { needs: 'setpriv', package: 'util-linux', why: 'ties QEMU to the life of the harness' },
    { needs: 'flock', package: 'util-linux', why: 'lets one dmrace at a time write into a run' },
    { needs: 'apt-get', package: 'apt', why: 'fetches kernels with signatures checked' },
    { needs: 'dpkg-deb', package: 'dpkg', why: 'unpacks packages' },
    {
      needs: '/usr/share/keyrings/debian-archive-keyring.gpg',
      package: 'debian-archive-keyring',
      why: 'checks the archive’s signatures',
    },
    { needs: 'gpgv', package: 'gpgv', why: 'checks the archive’s signatures' },
    { needs: `${cross}gcc`, package: `gcc${suffix}`, why: 'builds the control and the helper' },
    { needs: 'make', package: 'make', why: 'builds the control and the helper' },
    {
      needs: native
        ? `/usr/lib/${arch.names.triplet}/libc.a`
        : `/usr/${arch.names.triplet}/lib/libc.a`,
      package: native ? 'libc6-dev' : `libc6-dev-${arch.names.debian}-cross`,
      why: 'builds the guest’s static program',
    },
    { needs: `${cross}nm`, package: `binutils${suffix}`, why: 'tells where a method is' },
    {
      needs: `${cross}strip`,
      package: `binutils${suffix}`,
      why: 'makes modules as small as Debian’s',
    },
    { needs: `${cross}objdump`, package: `binutils${suffix}`, why: 'reads the booted code' },
    { needs: 'readelf', package: 'binutils', why: 'finds dmsetup’s libraries' },
    { needs: 'modinfo', package: 'kmod', why: 'orders the guest’s modules' },
    { needs: 'depmod', package: 'kmod', why: 'indexes the modules of an audit’s disk' },
    { needs: 'mke2fs', package: 'e2fsprogs', why: 'makes the disks of an audit' },
    { needs: 'debugfs', package: 'e2fsprogs', why: 'fills the disks of an audit' },
    { needs: 'cpio', package: 'cpio', why: 'packs the initramfs' },
    { needs: 'bash', package: 'bash', why: 'runs pipelines' },
    { needs: 'tar', package: 'tar', why: 'unpacks sources' },
    { needs: 'xz', package: 'xz-utils', why: 'unpacks sources and modules' },
    { needs: 'zstd', package: 'zstd', why: 'unpacks modules of newer kernels' },
    ...(hostArch()?.hostNeeds ?? []),
  ];
}

/**
 * What building whole kernels takes on top of {@link requirements}: `src:` kernels, and Debian's
 * whose prebuilt tools do not run here. The kernel’s Documentation/process/changes.rst lists them.
 */
export const KERNEL_REQUIREMENTS: readonly Requirement[] = [
  { needs: 'flex', package: 'flex', why: 'builds Kconfig’s parser' },
  { needs: 'bison', package: 'bison', why: 'builds Kconfig’s parser' },
  { needs: 'bc', package: 'bc', why: 'computes the kernel’s time constants' },
  { needs: 'perl', package: 'perl', why: 'runs scripts of the kernel’s build' },
  { needs: '/usr/include/gelf.h', package: 'libelf-dev', why: 'builds objtool' },
  { needs: '/usr/include/openssl/evp.h', package: 'libssl-dev', why: 'builds sign-file' },
];

/** What `--patch` takes on top of {@link requirements}. */
export const PATCH_REQUIREMENTS: readonly Requirement[] = [
  { needs: 'git', package: 'git', why: 'reads and applies patches' },
];

/**
 * What only the project's own tests need, on top of {@link requirements}: judges of our output that
 * are not ours.
 */
export const TEST_REQUIREMENTS: readonly Requirement[] = [
  { needs: 'python3', package: 'python3', why: 'runs the kernel’s own KTAP parser' },
  { needs: 'mandoc', package: 'mandoc', why: 'checks the man page' },
  { needs: 'script', package: 'bsdutils', why: 'gives the live output a terminal' },
  { needs: 'zsh', package: 'zsh', why: 'loads the completions' },
  {
    needs: '/usr/share/bash-completion/bash_completion',
    package: 'bash-completion',
    why: 'loads the completions',
  },
  { needs: 'fish', package: 'fish', why: 'loads the completions' },
  { needs: 'git', package: 'git', why: 'bisects a history of a kernel tree' },
  { needs: 'gdb', package: 'gdb', why: 'attaches to a guest' },
  {
    needs: 'gdb-multiarch',
    package: 'gdb-multiarch',
    why: 'attaches to a guest of another architecture',
  },
  { needs: 'dockerd', package: 'docker.io', why: 'runs the image, with an engine of its own' },
  { needs: 'debootstrap', package: 'debootstrap', why: 'makes the base of the image' },
  { needs: 'chromium', package: 'chromium', why: 'opens the HTML report' },
];
