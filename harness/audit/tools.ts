// SPDX-License-Identifier: MIT

/** Debian's name for each package of the guest's programs, with those that exercises may count on. */
export type Programs = Readonly<Record<string, readonly string[]>>;

/**
 * The packages of the audit's tools, from bookworm whatever the kernel, and the programs that the
 * shipped exercises use. All other programs of these packages are on the disk too, except those
 * whose libraries no package here has. A program that is named here and is not there fails the build
 * of the disk.
 *
 * perl-base stands for a compiler: it has ioctl(), syscall() and sockets of every family.
 */
export const TOOLS: Programs = {
  dash: ['sh'],
  coreutils: [
    ...['cat', 'chmod', 'cp', 'cut', 'dd', 'echo', 'head', 'id', 'ln', 'ls', 'mkdir', 'mkfifo'],
    ...['mknod', 'mv', 'printf', 'readlink', 'rm', 'rmdir', 'seq', 'sleep', 'sync', 'tail', 'test'],
    ...['timeout', 'touch', 'tr', 'true', 'truncate', 'uname', 'wc'],
  ],
  grep: ['grep'],
  sed: ['sed'],
  findutils: ['find', 'xargs'],
  'perl-base': ['perl'],
  'util-linux': [
    ...['blkdiscard', 'blkzone', 'blockdev', 'chrt', 'dmesg', 'flock', 'ldattach', 'losetup'],
    ...['mkfs.bfs', 'mkfs.minix', 'mkswap', 'nsenter', 'setpriv', 'unshare', 'wipefs', 'zramctl'],
  ],
  'util-linux-extra': ['hwclock'],
  mount: ['losetup', 'mount', 'swapoff', 'swapon', 'umount'],
  kmod: ['insmod', 'lsmod', 'modinfo', 'modprobe', 'rmmod'],

  iproute2: ['bridge', 'dcb', 'devlink', 'genl', 'ip', 'rdma', 'ss', 'tc', 'tipc', 'vdpa'],
  nftables: ['nft'],
  iptables: ['ip6tables-legacy', 'iptables-legacy', 'iptables-nft'],
  ipset: ['ipset'],
  ebtables: ['ebtables-legacy'],
  arptables: ['arptables-legacy'],
  ipvsadm: ['ipvsadm'],
  conntrack: ['conntrack'],
  ethtool: ['ethtool'],
  iw: ['iw'],
  'wpan-tools': ['iwpan'],

  dmsetup: ['dmsetup'],
  'cryptsetup-bin': ['cryptsetup', 'integritysetup', 'veritysetup'],
  mdadm: ['mdadm'],
  'bcache-tools': ['make-bcache'],
  'nvme-cli': ['nvme'],

  e2fsprogs: ['mke2fs', 'mkfs.ext4'],
  xfsprogs: ['mkfs.xfs'],
  'btrfs-progs': ['btrfs', 'mkfs.btrfs'],
  'f2fs-tools': ['mkfs.f2fs'],
  dosfstools: ['mkfs.vfat'],
  exfatprogs: ['mkfs.exfat'],
  'ntfs-3g': ['mkntfs'],
  'squashfs-tools': ['mksquashfs'],
  'erofs-utils': ['mkfs.erofs'],
  'nilfs-tools': ['mkfs.nilfs2'],
  jfsutils: ['mkfs.jfs'],
  'ocfs2-tools': ['mkfs.ocfs2'],
  hfsutils: ['hformat'],
  udftools: ['mkudffs'],
  genisoimage: ['genisoimage'],
  reiserfsprogs: ['mkreiserfs'],
  'gfs2-utils': ['mkfs.gfs2'],
  'nfs-kernel-server': ['exportfs', 'rpc.nfsd'],

  'mtd-utils': ['mkfs.jffs2', 'mtdinfo', 'ubiattach', 'ubiblock', 'ubidetach', 'ubimkvol'],
  'i2c-tools': ['i2cdetect', 'i2cset'],
  gpiod: ['gpiodetect', 'gpioget'],
  'alsa-utils': ['aconnect', 'aplay', 'arecord'],
  'v4l-utils': ['media-ctl', 'v4l2-ctl'],
};

/** Packages that are there for their libraries or their data. */
export const LIBRARIES: readonly string[] = [
  ...['libacl1', 'libaio1', 'libargon2-1', 'libasound2', 'libasound2-data', 'libattr1'],
  ...['libaudit1', 'libblkid1', 'libbpf1', 'libbsd0', 'libbz2-1.0', 'libc6', 'libcap-ng0'],
  ...[
    'libcap2',
    'libcmap4',
    'libcom-err2',
    'libcorosync-common4',
    'libcrypt1',
    'libcryptsetup12',
    'libdb5.3',
    'libdbus-1-3',
    'libqb100',
  ],
  ...[
    'libdevmapper1.02.1',
    'libdlm3',
    'libedit2',
    'libelf1',
    'libext2fs2',
    'libfdisk1',
    'libfuse2',
  ],
  ...['libgcc-s1', 'libgcrypt20', 'libglib2.0-0', 'libgmp10', 'libgpg-error0', 'libgpiod2'],
  ...['libgssapi-krb5-2', 'libi2c0', 'libinih1', 'libip4tc2', 'libip6tc2', 'libipset13'],
  ...['libjansson4', 'libjpeg62-turbo', 'libjson-c5', 'libk5crypto3', 'libkeyutils1', 'libkmod2'],
  ...['libkrb5-3', 'libkrb5support0', 'liblz4-1', 'liblzma5', 'liblzo2-2', 'libmagic1', 'libmd0'],
  ...['libmnl0', 'libmount1', 'libnetfilter-conntrack3', 'libnfnetlink0', 'libnftables1'],
  ...['libnftnl11', 'libnl-3-200', 'libnl-genl-3-200', 'libntfs-3g89', 'libnvme1', 'libpam0g'],
  ...['libpcre2-8-0', 'libpopt0', 'libreadline8', 'libselinux1', 'libsmartcols1', 'libss2'],
  ...['libssl3', 'libstdc++6', 'libsystemd0', 'libtinfo6', 'libtirpc3', 'libudev1', 'liburcu8'],
  ...['libuuid1', 'libv4l-0', 'libv4lconvert0', 'libwrap0', 'libsqlite3-0', 'libxtables12'],
  ...['libzstd1', 'netbase', 'zlib1g'],
];

/** Everything that is unpacked, in one order. */
export const PACKAGES: readonly string[] = [...Object.keys(TOOLS), ...LIBRARIES].sort();

/** Programs of vm/audit/tools. */
export const OWN_PROGRAMS = ['letgo'] as const;

/** The programs that {@link TOOLS} promises, and our own. */
export const PROGRAMS: ReadonlySet<string> = new Set([
  ...Object.values(TOOLS).flat(),
  ...OWN_PROGRAMS,
]);
