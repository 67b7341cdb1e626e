// SPDX-License-Identifier: MIT
import { type BootTimes, median, type Results } from './results.js';
import { STARTS } from './startup.js';

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
const spread = (values: readonly number[]): string =>
  `${seconds(Math.min(...values))} to ${seconds(Math.max(...values))}, n = ${values.length}`;
const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] => [
  row(...head),
  row(...head.map(() => '---')),
  ...rows.map((cells) => row(...cells)),
];
const verdict = (met: boolean): string => (met ? 'met' : '**not met**');

/** One line of what was asked: a median with its limit. */
const limit = (what: string, values: readonly number[], limitMs: number): string[] => [
  what,
  seconds(median(values)),
  spread(values),
  `at most ${seconds(limitMs)}`,
  verdict(median(values) <= limitMs),
];

function summary({ start, trial, campaign }: Results): string[] {
  const rows: string[][] = [];
  if (start) {
    rows.push(
      limit('`dmrace run`, everything cached, 5 trials of each placement', start.warmMs, 8000),
    );
  }
  if (trial) {
    rows.push(
      limit('restore to ready: state loaded, guest goes on', trial.loadMs, 150),
      ['QEMU’s own start before that', seconds(median(trial.qemuMs)), spread(trial.qemuMs), '', ''],
      limit(
        'one restored trial, from before QEMU’s start until QEMU is gone',
        trial.restoredMs,
        700,
      ),
    );
    const ratio = median(trial.bootedMs) / median(trial.restoredMs);
    rows.push([
      'the same trial with a boot of its own',
      seconds(median(trial.bootedMs)),
      spread(trial.bootedMs),
      `at least 10 times: ${ratio.toFixed(1)}`,
      verdict(ratio >= 10),
    ]);
  }
  if (campaign) {
    const rate = campaign.trials / campaign.seconds;
    const per1000 = (campaign.seconds / campaign.trials) * 1_000_000;
    const rss = campaign.rssMiB.map(([, mib]) => mib);
    const own = (campaign.ownCpuS / campaign.runCpuS) * 100;
    rows.push(
      [
        `trials a second, ${campaign.jobs} jobs`,
        rate.toFixed(2),
        `${campaign.trials} trials`,
        'at least 3',
        verdict(rate >= 3),
      ],
      [
        '1,000 trials',
        seconds(per1000),
        `${campaign.trials} trials`,
        'at most 360 s',
        verdict(per1000 <= 360_000),
      ],
      [
        'memory of the orchestrator',
        `${Math.max(...rss)} MiB`,
        'largest RSS',
        'under 200 MiB',
        verdict(Math.max(...rss) < 200),
      ],
      [
        'CPU time of the orchestrator',
        `${own.toFixed(1)} %`,
        `${campaign.ownCpuS.toFixed(0)} of ${campaign.runCpuS.toFixed(0)} s`,
        'under 5 %',
        verdict(own < 5),
      ],
    );
  }
  return table(['what', 'median', 'spread', 'wanted', ''], rows);
}

function startup({ startup: measured }: Results): string[] {
  if (!measured) return [];
  const floor = median(measured.nodeMs);
  const times = {
    version: measured.versionMs,
    scan: measured.scanMs,
    judge: measured.judgeMs,
  };
  const rows = (['version', 'scan', 'judge'] as const).map((name) => {
    const [what, most] = STARTS[name];
    const ratio = median(times[name]) / floor;
    return [
      what,
      seconds(median(times[name])),
      spread(times[name]),
      ratio.toFixed(1),
      `at most ${most.toFixed(1)}`,
      verdict(ratio <= most),
    ];
  });
  return [
    '## Start-up',
    'In turn with `node -e 0`, which is the floor of a program in Node.',
    '',
    ...table(
      ['what', 'median', 'spread', 'times `node -e 0`', 'wanted', ''],
      [['`node -e 0`', seconds(floor), spread(measured.nodeMs), '1.0', '', ''], ...rows],
    ),
    '',
  ];
}

/** Stages of a run's own timing, for people. */
const STAGES: Readonly<Record<string, string>> = {
  kernelMs: 'kernel: unpacking, building control and helper; the guest’s programs',
  initramfsMs: 'initramfs',
  accelMs: 'accelerator',
  readyMs: 'booting and saving both guests',
  asCompiledMs: 'the same for `as-compiled`',
  trialsMs: 'trials',
};

function fresh({ fresh: measured }: Results): string[] {
  if (!measured) return [];
  const { npmS, buildS, totalS, stages, than, load } = measured;
  const total = stages.totalMs ?? 0;
  const rest = totalS - npmS - buildS - total / 1000;
  const share = (part: number): string[] => [
    `${part.toFixed(1)} s`,
    `${((100 * part) / totalS).toFixed(0)} %`,
  ];
  return [
    '## `npm start` from nothing',
    `A clone in a fresh root of Debian 12 as mmdebstrap makes it, with Node and npm: no package of npm’s or Debian’s, no cache. Load average when it began: ${load}. Downloads go on while packages are installed.`,
    '',
    ...table(
      ['stage', 'took', 'share'],
      [
        ['npm packages', ...share(npmS)],
        ['building the program', ...share(buildS)],
        ['Debian packages, and downloads beside them', ...share(rest)],
        ...Object.entries(STAGES).flatMap(([name, what]) =>
          stages[name] === undefined ? [] : [[what, ...share(stages[name] / 1000)]],
        ),
        ['all of it', ...share(totalS)],
      ],
    ),
    '',
    ...(than ? [`Commit ${than.commit}, right after it: ${than.totalS.toFixed(1)} s.`, ''] : []),
  ];
}

function memory({ campaign }: Results): string[] {
  if (!campaign) return [];
  const { rssMiB } = campaign;
  const rows = [0.02, 0.1, 0.25, 0.5, 0.75, 1].map((part) => {
    const [at = 0, mib = 0] =
      rssMiB[Math.min(rssMiB.length - 1, Math.floor(part * rssMiB.length))] ?? [];
    return [`${at} s`, `${mib} MiB`];
  });
  return [
    '## The orchestrator over a long campaign',
    `${campaign.trials} trials, ${campaign.lost} lost, verdict ${campaign.verdict}; the median trial took ${seconds(campaign.trialMs)} with ${campaign.jobs} side by side.`,
    '',
    ...table(['after', 'RSS'], rows),
    '',
  ];
}

function boots({ boot }: Results): string[] {
  if (!boot) return [];
  const names = ['qemu', 'firmware', 'decompression', 'kernel', 'userspace', 'ready'] as const;
  const of = (times: readonly BootTimes[], name: (typeof names)[number]): string =>
    `${seconds(median(times.map((time) => time[name])))}${name === 'ready' ? '' : ` (${((median(times.map((time) => time[name])) / median(times.map((time) => time.ready))) * 100).toFixed(0)} %)`}`;
  return [
    '## Boot to ready',
    `Medians of ${boot.stock.length} boots each, in turn. Where the processor is was asked every 4 ms (QMP, \`info registers\`), which is the resolution.`,
    '',
    ...table(
      ['stretch', 'stock, bzImage', '`base` on the sources of debian:6.12, PVH vmlinux'],
      names.map((name) => [name, of(boot.stock, name), of(boot.base, name)]),
    ),
    '',
    '- QEMU’s start: `-nodefaults`, nothing but a serial port and virtio-serial; no disk, network or display to set up and to probe.',
    '- Firmware: SeaBIOS has nothing to boot from but what `-kernel` gives it. microvm was weighed: it has no PCI virtio-serial, so the guest would be another one.',
    '- Decompression: a stock kernel comes compressed and is booted as it is, because the image under test is not to be changed. A self-built kernel is booted as vmlinux through PVH, without any.',
    '- Kernel: `-cpu qemu64,-cx16` has fewer features to probe and to emulate than `max`; `base` leaves out drivers, network, ACPI and storage.',
    '- Userspace: an uncompressed initramfs of one static busybox, dmsetup and one program; modules are loaded in the order of their needs, without udev.',
    '',
  ];
}

function others({ others: measured }: Results): string[] {
  if (!measured) return [];
  const base = median(measured.restoredMs);
  const line = (what: string, values: readonly number[]): string[] => [
    what,
    seconds(median(values)),
    spread(values),
    (median(values) / base).toFixed(1),
  ];
  return [
    '## Beside other ways to run something on a kernel',
    `The same self-built ${measured.kernel} (profile \`base\` and what virtme-ng needs: bench/virtme.config), in turn. The first two run \`uname -r\` and nothing else; dmrace runs a whole trial.`,
    '',
    ...table(
      ['', 'median', 'spread', 'times a restored trial'],
      [
        line(`virtme-ng ${measured.virtme} (Debian trixie), root by 9p`, measured.virtmeMs),
        line('QEMU with an initramfs', measured.rawMs),
        line('dmrace, a trial that boots', measured.bootedMs),
        line('dmrace, a restored trial', measured.restoredMs),
      ],
    ),
    '',
    'What each returned when the kernel oopsed (a NULL dereference in a child process, then `uname -r`):',
    '',
    ...table(
      ['', 'exit code', 'after', 'said'],
      measured.oopsed.map(({ program, exitCode, seconds: took, said }) => [
        program,
        exitCode === null ? 'none, killed' : String(exitCode),
        `${took.toFixed(1)} s`,
        said.replaceAll('|', '\\|'),
      ]),
    ),
    '',
    'For dmrace the exit code is the one of a run with such a crash.',
    '',
  ];
}

/** docs/performance.md. */
export function page(results: Results): string {
  const { machine } = results;
  return [
    '# Performance',
    '',
    'Written by `npm run bench` from what it measured (bench/results.json); medians.',
    '',
    `${machine.measuredAt.slice(0, 10)}, commit ${machine.commit}: ${machine.cpu}, ${machine.cores} cores, ${machine.memoryMiB} MiB; ${machine.system}; Node ${machine.node}; ${machine.qemu}; accelerator ${machine.accel}. Load average when it began: ${machine.load}.`,
    '',
    ...summary(results),
    '',
    ...startup(results),
    ...fresh(results),
    ...memory(results),
    ...others(results),
    ...boots(results),
    '## Where a restored trial spends its time',
    '- Under TCG most of it is translation: a new QEMU has translated nothing, and what counts is how much *different* code the guest runs. So the guest sleeps, when it is saved, in the program that runs the trial; no shell, no exec but dmsetup’s.',
    '- The guest’s memory is mapped from a file, privately: nothing is read, nothing copied but what is written. The rest of the state is some hundred KiB.',
    '- While the load keeps the holder off the CPU the remover waits for RCU: grace periods are expedited (`/sys/kernel/rcu_expedited`), but for a sweep, which asks about these waits.',
    '- The end is a mark in the kernel’s log, not a silence.',
    '',
  ].join('\n');
}
