// SPDX-License-Identifier: MIT
// The faults, as data. Each is done to the real program by run.ts.
import { type Fault, RUN } from './run.js';

const CLOSED = ['judge', '$RUNS/release'];
const OPEN = ['judge', '$RUNS/disk-release'];
const OOPS = 'cp "$RUNS"/disk-release/builtin-0/console.log "$WORK/log"';

/** Opens a pipe, reads nothing, and ends its writer with SIGTERM once the pipe is full (pipe(7)). */
const READER_STANDS = `
import fcntl, os, signal, struct, sys, termios, time
pipe = os.open(sys.argv[1], os.O_RDONLY)
full = lambda: struct.unpack('i', fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0] >= 61440
while not (full() and os.path.exists(sys.argv[2])): time.sleep(0.05)
os.kill(int(open(sys.argv[2]).read()), signal.SIGTERM)
signal.pause()
`;

/** The exit code of the work, whatever its reader does. */
const unread = (reader: string, streams = ''): string =>
  `"$@" ${streams} | ${reader}; exit "\${PIPESTATUS[0]}"`;

const pipes: Fault[] = [
  ...(
    [
      ['--help', ['--help'], 0],
      ['run --help', ['run', '--help'], 0],
      ['a verdict that is closed', CLOSED, 0],
      ['a verdict that is open', OPEN, 1],
      ['a verdict as JSON', [...OPEN, '--format', 'json'], 1],
      ['a verdict as KTAP', [...OPEN, '--format', 'ktap'], 1],
      ['a report', ['report', '$RUNS/release', '--output', '-'], 0],
      ['a completion script', ['complete', 'bash'], 0],
      ['wrong usage', ['frobnicate'], 129],
    ] as const
  ).flatMap(([what, args, code]): Fault[] => [
    { name: `nobody reads ${what}`, quick: true, args, as: unread('head -c 0'), code },
    {
      name: `a reader takes one line of ${what}`,
      quick: true,
      args,
      as: unread('head -n 1'),
      code,
    },
  ]),
  {
    name: 'nobody reads a scan that finds a crash',
    quick: true,
    before: OOPS,
    args: ['scan', '$WORK/log'],
    as: unread('head -c 0'),
    code: 1,
  },
  ...(
    [
      ['--help', ['--help']],
      ['a verdict', CLOSED],
      ['a verdict that is open', OPEN],
      ['a report', ['report', '$RUNS/release', '--output', '-']],
    ] as const
  ).map(
    ([what, args]): Fault => ({
      name: `a full disk takes ${what}`,
      quick: true,
      args,
      as: '"$@" >/dev/full',
      code: 128,
      says: /cannot be printed: ENOSPC/,
    }),
  ),
  { name: 'stderr is closed', quick: true, args: OPEN, as: '"$@" 2>&-', code: 1 },
  { name: 'stderr is on a full disk', quick: true, args: OPEN, as: '"$@" 2>/dev/full', code: 1 },
  { name: 'stdout and stderr are closed', quick: true, args: OPEN, as: '"$@" >&- 2>&-', code: 1 },
  {
    name: 'both go to a pipe that nobody reads',
    quick: true,
    args: OPEN,
    as: unread('head -c 0', '2>&1'),
    code: 1,
  },
  {
    name: 'a reader that stands still, and then SIGTERM',
    quick: true,
    args: ['report', '$RUNS/release', '--output', '-'],
    as: `mkfifo "$WORK/pipe"; python3 -c "$STANDS" "$WORK/pipe" "$WORK/pid" & "$@" >"$WORK/pipe" & pid=$!
      echo $pid >"$WORK/pid.new"; mv "$WORK/pid.new" "$WORK/pid"; wait $pid; code=$?; kill %1; exit $code`,
    env: { STANDS: READER_STANDS },
    code: 130,
    limitMs: 60_000,
  },
  { name: 'nobody reads a run', args: RUN, as: unread('head -c 0'), code: 125 },
  {
    name: 'nobody reads what a run says',
    args: RUN,
    as: unread('head -n 1', '2>&1 >/dev/null'),
    code: 125,
  },
];

const limits: Fault[] = [
  ...[20, 24, 32, 40, 64].map(
    (files): Fault => ({
      name: `${files} open files`,
      quick: true,
      args: CLOSED,
      as: `ulimit -n ${files}; "$@" >"$WORK/result"; code=$?; [ $code = 0 ] && exit 128; exit $code`,
      code: 128,
    }),
  ),
  {
    name: 'no file may grow',
    quick: true,
    args: ['report', '$RUNS/release', '--output', '$WORK/report.html'],
    as: 'ulimit -f 0; exec "$@"',
    code: 128,
    says: /no space left while writing .*EFBIG/,
  },
  {
    name: 'no file of a run may grow',
    args: RUN,
    as: 'ulimit -f 4; exec "$@"',
    code: 128,
    says: /EFBIG|File too large|File size limit|SIGXFSZ/,
  },
];

const RO = 'mkdir -p "$WORK/ro"; mount -t tmpfs -o ro tmpfs "$WORK/ro"';
const FULL =
  'mkdir -p "$WORK/full"; mount -t tmpfs -o size=16k tmpfs "$WORK/full"; head -c 16384 /dev/zero >"$WORK/full/all"';

const places: Fault[] = [
  ...(
    [
      ['a file', '$WORK/file', 'touch "$WORK/file"', 129, /is no folder/],
      ['a name that is too long', `$WORK/${'x'.repeat(300)}`, '', 128, /ENAMETOOLONG/],
      ['below a file', '$WORK/file/run', 'touch "$WORK/file"', 128, /ENOTDIR/],
      ['in /proc', '/proc/dmrace', '', 128, /cannot write \/proc\/dmrace/],
      ['in /sys', '/sys/dmrace', '', 128, /cannot write \/sys\/dmrace/],
      ['on a read-only file system', '$WORK/ro/run', RO, 128, /EROFS/],
      ['a link to itself', '$WORK/loop/run', 'ln -s loop "$WORK/loop"', 128, /ELOOP/],
      ['a folder that holds something', '$WORK', '', 129, /is not empty/],
    ] as const
  ).map(
    ([what, out, before, code, says]): Fault => ({
      name: `--out is ${what}`,
      quick: true,
      before,
      args: [...RUN.slice(0, -1), out],
      code,
      says,
      limitMs: 60_000,
    }),
  ),
  ...(
    [
      ['in a folder that is missing', '$WORK/missing/r', '', 128, /missing\/r/],
      ['a folder', '$WORK', '', 128, /folder/],
      ['empty', '', '', 129, /--output is empty/],
      ['on a read-only file system', '$WORK/ro/r', RO, 128, /EROFS/],
      ['on a full disk', '$WORK/full/r', FULL, 128, /no space left/],
      ['in /proc', '/proc/r', '', 128, /\/proc\/r/],
    ] as const
  ).map(
    ([what, output, before, code, says]): Fault => ({
      name: `report --output is ${what}`,
      quick: true,
      before,
      args: ['report', '$RUNS/release', '--output', output],
      code,
      says,
      limitMs: 60_000,
    }),
  ),
  ...(
    [
      ['in /proc', '/proc/dmrace', '', /\/proc\/dmrace/],
      ['/proc itself', '/proc', '', /cannot be written/],
      ['a file', '$WORK/file', 'touch "$WORK/file"', /cannot be written/],
      ['on a read-only file system', '$WORK/ro/cache', RO, /cannot be written/],
      [
        'a full disk',
        '$WORK/full',
        `${FULL}; for i in $(seq 40); do mkdir "$WORK/full/$i" || break; done`,
        /no space left|ENOSPC|cannot be fetched|cannot be written/,
      ],
    ] as const
  ).map(
    ([what, cache, before, says]): Fault => ({
      name: `the cache is ${what}`,
      quick: true,
      before,
      args: ['kernel', 'fetch'],
      env: { DMRACE_CACHE_DIR: cache },
      network: 'no',
      code: 128,
      says,
      limitMs: 60_000,
    }),
  ),
  ...(
    [
      ['memory of the process', '/proc/self/mem', 128, /\/proc\/self\/mem cannot be read/],
      ['a folder', '$WORK', 128, /cannot be read/],
      ['missing', '$WORK/none', 128, /cannot be read/],
    ] as const
  ).map(
    ([what, log, code, says]): Fault => ({
      name: `the log to scan is ${what}`,
      quick: true,
      args: ['scan', log],
      code,
      says,
    }),
  ),
  {
    name: 'run.json is a folder',
    quick: true,
    before: 'mkdir -p "$WORK/odd/run.json" "$WORK/odd/builtin-0"',
    args: ['judge', '$WORK/odd'],
    code: 125,
  },
];

/** Where sockets go is nobody's business but ours: the run goes on. */
const temporary: Fault[] = (
  [
    ['of 110 characters', `$WORK/${'t'.repeat(100)}`, `mkdir -p "$WORK/${'t'.repeat(100)}"`],
    ['missing', '$WORK/none', ''],
    ['read-only', '$WORK/ro', RO],
    ['full', '$WORK/full', FULL],
    ['a file', '$WORK/file', 'touch "$WORK/file"'],
    ['in /proc', '/proc', ''],
  ] as const
).map(
  ([what, folder, before]): Fault => ({
    name: `TMPDIR is ${what}`,
    before,
    args: RUN,
    env: { TMPDIR: folder },
    code: 125,
    prints: /reached the window +1/,
  }),
);

const tools: Fault[] = [
  {
    name: 'PATH has no sbin',
    quick: true,
    args: ['doctor'],
    as: 'export PATH=/usr/bin:/bin; exec "$@"',
    code: 0,
    says: /nothing is missing/,
  },
  { name: 'there is no PATH', quick: true, args: ['doctor'], as: 'unset PATH; exec "$@"', code: 0 },
  {
    name: 'PATH leads nowhere',
    quick: true,
    args: RUN,
    as: 'export PATH="$WORK"; exec "$@"',
    code: 128,
    says: /missing: .*qemu-system-x86_64.*nm /s,
  },
  {
    name: 'a run with a PATH that has no sbin',
    args: RUN,
    as: 'export PATH=/usr/bin:/bin; exec "$@"',
    code: 125,
    prints: /reached the window +1/,
  },
];

const ESC = '\\033[2J\\233';
const controls: Fault[] = [
  {
    name: 'an ESC in run.json',
    quick: true,
    before: `cp -r "$RUNS/release" "$WORK/r"; sed -i 's/"spec": "[^"]*"/"spec": "\\\\u001b[2J\\\\u009b31m"/; s/"version": "[^"]*"/"version": "\\\\u001b[2J"/' "$WORK/r/run.json"`,
    args: ['judge', '$WORK/r'],
    as: '"$@"; code=$?; [ $code = 0 -o $code = 125 ] && exit 0; exit $code',
    code: 0,
    prints: /\\u001b\[2J/,
  },
  {
    name: 'an ESC in an argument',
    quick: true,
    args: [],
    as: `exec "$@" judge "$(printf '${ESC}')"`,
    code: 129,
    says: /\\u001b\[2J/,
  },
  {
    name: 'an ESC in an option',
    quick: true,
    args: [],
    as: `exec "$@" run "$(printf -- '--${ESC}')"`,
    code: 129,
    says: /\\u001b\[2J/,
  },
  {
    name: 'an ESC in a log with a crash',
    quick: true,
    before: `${OOPS}; LC_ALL=C sed -i "s/BUG:/BUG: $(printf '${ESC}')/; s/RIP: 0010:\\([a-z_]*\\)/RIP: 0010:\\1$(printf '${ESC}')/" "$WORK/log"`,
    args: ['scan', '$WORK/log'],
    code: 1,
  },
];

/** A QEMU of our own in front of the real one. */
const fakeQemu = (text: string): string => `mkdir -p "$WORK/bin"
cat >"$WORK/bin/qemu-system-x86_64" <<'END'
#!/bin/sh
[ "$1" != --version ] || exec /usr/bin/qemu-system-x86_64 --version
${text}
END
chmod +x "$WORK/bin/qemu-system-x86_64"`;
const withFake = 'PATH="$WORK/bin:$PATH"; exec "$@"';

const STANDS = `exec ${process.execPath} -e '
  const net = require("net");
  const files = process.argv.flatMap((word) => /(?:,path=|unix:)([^,]+)/.exec(word)?.[1] ?? []);
  let left = files.length;
  for (const file of files) net.connect(file, () => { if (--left === 0) process.kill(process.pid, "SIGSTOP"); });
  setInterval(() => undefined, 1000);
' -- "$@"`;

const qemu: Fault[] = [
  {
    name: 'QEMU stands still in the QMP handshake',
    before: fakeQemu(STANDS),
    args: RUN,
    as: withFake,
    code: 128,
    says: /did not answer qmp_capabilities \(limit: \d+ ms\)/,
    limitMs: 150_000,
  },
  {
    name: 'QEMU stands still in the QMP handshake, and SIGTERM',
    before: fakeQemu(STANDS),
    args: RUN,
    as: withFake,
    signal: { name: 'SIGTERM', at: /Trials|Ready state/ },
    code: 130,
    limitMs: 30_000,
  },
  {
    name: 'QEMU cannot be started',
    before: fakeQemu('echo no such machine >&2; exit 1'),
    args: RUN,
    as: withFake,
    code: 128,
    says: /no such machine/,
  },
  {
    name: 'QEMU kills itself',
    before: fakeQemu('kill -KILL $$'),
    args: RUN,
    as: withFake,
    code: 128,
    says: /SIGKILL/,
  },
];

const network: Fault[] = [
  {
    name: 'no network, and an empty cache',
    args: ['kernel', 'fetch'],
    env: { DMRACE_CACHE_DIR: '$WORK/empty' },
    as: '"$@"; code=$?; [ ! -e "$WORK"/empty/apt/*/stamp ] || exit 99; exit $code',
    network: 'no',
    quick: true,
    code: 128,
    says: /package lists of \w+ \(amd64\) cannot be fetched: .*(resolv|connect)/i,
  },
  {
    name: 'a mirror that refuses',
    quick: true,
    args: ['kernel', 'fetch'],
    env: {
      DMRACE_CACHE_DIR: '$WORK/empty',
      DMRACE_DEBIAN_MIRROR: 'http://127.0.0.1:1/debian',
      http_proxy: '',
    },
    network: 'no',
    code: 128,
    says: /cannot be fetched: /,
  },
  {
    name: 'no network, and a cache that has all',
    args: RUN,
    network: 'no',
    code: 125,
    prints: /reached the window +1/,
  },
];

/** Flips a byte of a file in its middle, and gives it its times back: only its content tells. */
const FLIP = `flip() { for f in "$@"; do t=$(stat -c %y "$f"); python3 - "$f" <<'END'
import sys
with open(sys.argv[1], 'r+b') as f:
    f.seek(0, 2); n = f.tell(); at = n // 2
    f.seek(at); part = f.read(4096) or b'x'
    f.seek(at); f.write(bytes(b ^ 0x55 for b in part))
END
touch -d "$t" "$f"; done; }
`;
/**
 * Puts another placement's entry in the place of the run's own; with `sums` its sums, too. The other
 * one stays as it is: what the run does not use it does not mend.
 */
const SWAP = `other() { for e in $USED; do case "$e" in "$1/$2") ;; "$1"/*) echo "\${e#*/}" ;; esac; done | head -n 1; }
swap() { set -- "$1" "$2" "$(basename "$3")"; set -- "$@" "$(other "$1" "$3")"; [ -n "$4" ]
  rm -rf "$CACHE/$1/$3"; cp -a "$CACHE/$1/$4" "$CACHE/$1/$3"
  [ "$2" != sums ] || cp -a "$CACHE/sums/$1/$4.json" "$CACHE/sums/$1/$3.json"; }
`;
const NO_STATES = 'rm -rf "$CACHE"/ready/* "$CACHE"/sums/ready\n';

const damage: Fault[] = (
  [
    ['vmlinuz is cut off', 'truncate -s 100000 "$CACHE"/image/*/boot/vmlinuz*', /image\/.*vmlinuz/],
    ['vmlinuz is gone', 'rm "$CACHE"/image/*/boot/vmlinuz*', /vmlinuz\S* is missing/],
    ['vmlinuz is flipped', `${NO_STATES}flip "$CACHE"/image/*/boot/vmlinuz*`, /another content/],
    ['an initramfs is cut off', 'truncate -s 1000 "$INITRD"', /bytes instead/],
    ['an initramfs is empty', ': >"$INITRD"', /bytes instead/],
    ['an initramfs is flipped', `${NO_STATES}flip "$INITRD"`, null],
    [
      'a saved guest is another placement’s',
      'swap ready files "$READY"',
      /bytes instead|another content/,
    ],
    [
      'a saved guest is another placement’s, with its sums',
      'swap ready sums "$READY"',
      /it was made as ready/,
    ],
    [
      'an initramfs is another placement’s',
      'swap initramfs files "$(dirname "$INITRD")"',
      /bytes instead|another content/,
    ],
    [
      'an initramfs is another placement’s, with its sums',
      `${NO_STATES}swap initramfs sums "$(dirname "$INITRD")"`,
      /it was made as initramfs/,
    ],
    ['the helper is gone', 'rm "$CACHE"/helper/*/dmrace_helper.ko', /is missing/],
    [
      'the helper is cut off',
      'truncate -s 100 "$CACHE"/helper/*/dmrace_helper.ko',
      /bytes instead/,
    ],
    ['the control is flipped', 'flip "$CACHE"/control/*/dm-mod.ko', null],
    ['the control is cut off', 'truncate -s 100 "$CACHE"/control/*/dm-mod.ko', /bytes instead/],
    [
      'the suspect’s module is cut off',
      'truncate -s 10 "$CACHE"/modules/*/all/dm_mod.ko',
      /bytes instead/,
    ],
    [
      'the order of modules is empty',
      'for f in "$CACHE"/modules/*/order; do : >$f; done',
      /bytes instead/,
    ],
    ['a port’s module is flipped', 'flip "$CACHE"/modules/*/all/virtio*.ko', null],
    [
      'the guest’s program is cut off',
      'truncate -s 100 "$CACHE"/guest/*/dmrace-guest',
      /bytes instead/,
    ],
    ['busybox is gone', 'rm "$CACHE"/userland/*/root/bin/busybox', /is missing/],
    [
      'a header is gone, and modules are to be built',
      'rm "$HEADERS"*/usr/src/*/Makefile; rm -rf "$CACHE"/helper/* "$CACHE"/control/*',
      /is missing/,
    ],
    ['the memory of a saved guest is flipped', 'flip "$READY"/memory', null],
    ['the memory of a saved guest is cut off', 'truncate -s 1000 "$READY"/memory', /bytes instead/],
    ['the devices of a saved guest are flipped', 'flip "$READY"/devices', null],
    ['the records of a saved guest are gone', 'rm "$READY"/ready-records.jsonl', /is missing/],
    ['code.json of a saved guest is null', 'echo null >"$READY"/code.json', /bytes instead/],
    [
      'the sums are no JSON',
      'for f in "$CACHE"/sums/*/*.json; do echo { >$f; done',
      /sums are damaged/,
    ],
    [
      'what is known of KVM is no JSON',
      'for f in "$CACHE"/accel/*.json; do echo { >$f; done',
      null,
    ],
    ['apt’s answers are cut off', 'truncate -s 40 "$CACHE"/apt/*/answers/*', null],
    [
      'apt’s own cache is flipped',
      'rm -f "$CACHE"/apt/*/answers/*; for f in "$CACHE"/apt/*/cache/*.bin; do head -c 5000 /dev/urandom >$f; done',
      null,
    ],
    [
      'a package is cut off',
      'rm -rf "$CACHE"/image/*; truncate -s 10000 "$CACHE"/deb/linux-image-*/*.deb',
      /bytes instead/,
    ],
    [
      'a package list is cut off',
      'rm -f "$CACHE"/apt/*/answers/*; truncate -s 1000 "$CACHE"/apt/*/state/lists/*main*Packages*',
      null,
    ],
  ] as const
).map(
  ([what, before, says]): Fault => ({
    name: `in the cache ${what}`,
    before: `shopt -s nullglob\n${FLIP}${SWAP}${before}`,
    args: RUN,
    code: 125,
    prints: /reached the window +1/,
    // Everything is made anew, the kernel’s source unpacked too.
    ...(what === 'the sums are no JSON' ? { limitMs: 480_000 } : {}),
    // Bytes that no guest has used are not noticed: sizes and times are all that is compared then.
    ...(/memory of a saved guest is flipped|devices|control is flipped/.test(what)
      ? {}
      : { after: 125 }),
    ...(says === null ? {} : { says }),
  }),
);

const moved: Fault[] = [
  {
    name: 'the cache is elsewhere, and its modules are to be built',
    before: `mkdir -p "$WORK/moved"; mount --bind "$CACHE" "$WORK/moved"
      rm -rf "$WORK"/moved/helper/* "$WORK"/moved/control/*; mount -t tmpfs tmpfs "$CACHE"`,
    args: RUN,
    env: { DMRACE_CACHE_DIR: '$WORK/moved' },
    code: 125,
    says: /it was made for/,
    prints: /reached the window +1/,
  },
];

/** What has to be done again for a stage to take long enough to be met in it. */
const STAGES = [
  ['the kernel', /Kernel debian/, 'rm -rf "$CACHE"/control/* "$CACHE"/helper/*'],
  ['the headers', /Kernel debian/, 'rm -rf "$CACHE"/headers/*'],
  [
    'the guest',
    /Guest: initramfs/,
    'rm -rf "$CACHE"/initramfs/* "$CACHE"/userland/* "$CACHE"/guest/*',
  ],
  ['the boot of a guest', /Ready state/, 'rm -rf "$CACHE"/ready/*'],
  ['the saving of a guest', /booted, saving/, 'rm -rf "$CACHE"/ready/*'],
  ['the trials', /Trials: 1/, ''],
] as const;

const signals: Fault[] = (['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGKILL'] as const).flatMap((name) =>
  STAGES.map(
    ([what, at, before]): Fault => ({
      name: `${name} during ${what}`,
      before,
      args: RUN,
      signal: { name, at },
      code: name === 'SIGKILL' ? null : 130,
      // What a killed process leaves is swept at the next start.
      ...(name === 'SIGKILL' ? { after: 125 } : {}),
    }),
  ),
);

const disks: Fault[] = [
  {
    name: 'the disk of --out is full',
    before: 'mkdir -p "$WORK/small"; mount -t tmpfs -o size=64k tmpfs "$WORK/small"',
    args: [...RUN.slice(0, -1), '$WORK/small/run'],
    code: 128,
    says: /no space left while writing .*small/,
  },
  {
    name: 'the disk of --out is full when the trials begin',
    before: 'mkdir -p "$WORK/small"; mount -t tmpfs -o size=4m tmpfs "$WORK/small"',
    args: [...RUN.slice(0, -1), '$WORK/small/run'],
    as: `"$@" & pid=$!; until [ -e "$WORK/small/run/run.json" ] || ! kill -0 $pid; do sleep 0.02; done
      cat /dev/zero >"$WORK/small/fill" 2>/dev/null; wait $pid`,
    code: 128,
    says: /no space left while writing/,
  },
  {
    name: 'the cache’s disk is full when modules are built',
    before: `mkdir -p "$WORK/tiny"; mount -t tmpfs -o size=1m tmpfs "$WORK/tiny"; mkdir "$WORK/tiny/u" "$WORK/tiny/w"
      mount -t overlay overlay -o "lowerdir=$CACHE,upperdir=$WORK/tiny/u,workdir=$WORK/tiny/w" "$CACHE"; rm -rf "$CACHE"/control/*`,
    args: RUN,
    code: 128,
    says: /[Nn]o space left/,
  },
  {
    name: 'the cache’s disk is full when an initramfs is packed',
    before: `mkdir -p "$WORK/tiny"; mount -t tmpfs -o size=2m tmpfs "$WORK/tiny"; mkdir "$WORK/tiny/u" "$WORK/tiny/w"
      mount -t overlay overlay -o "lowerdir=$CACHE,upperdir=$WORK/tiny/u,workdir=$WORK/tiny/w" "$CACHE"; rm -rf "$CACHE"/initramfs/*`,
    args: RUN,
    code: 128,
    says: /[Nn]o space left/,
  },
];

/** Every fault. */
export const FAULTS: readonly Fault[] = [
  ...pipes,
  ...limits,
  ...places,
  ...temporary,
  ...tools,
  ...controls,
  ...qemu,
  ...network,
  ...damage,
  ...moved,
  ...signals,
  ...disks,
];
