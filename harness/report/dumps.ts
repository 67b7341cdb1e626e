// SPDX-License-Identifier: MIT
import { CRASH_COMMANDS, DRGN_SCRIPT, DUMP_FILE } from '../model/dump.js';
import type { KernelIdentity } from '../model/kernel-identity.js';
import { type TrialResult, trialName } from '../model/trial.js';

/** Stands for a vmlinux that is not at hand. */
const UNKNOWN = 'VMLINUX';
/** Dumps whose commands are shown; the others' are the same but for the folder. */
const SHOWN = 1;
/** Reasons that are shown. */
const REASONS = 2;

/** What is said of a run's dumps. */
export interface DumpView {
  readonly trials: readonly Pick<TrialResult, 'placement' | 'index' | 'dump'>[];
  readonly kernel: KernelIdentity;
  /** Of the run. */
  readonly directory: string;
  /** vmlinux with debug information; null where none is at hand. */
  readonly vmlinux: string | null;
}

/** How to have a vmlinux that belongs to a kernel. */
export function wayToVmlinux({ spec, release, version, arch }: KernelIdentity): string {
  const debian = /^Debian (\S+)$/.exec(version)?.[1];
  if (debian === undefined) {
    return spec.startsWith('src:')
      ? `build it with it: --profile base,debug-info`
      : 'of the build that the image is from';
  }
  const flavour = /\/\S+$/.exec(spec)?.[0] ?? '';
  const words = ['dmrace kernel fetch --vmlinux', ...(arch === 'x86_64' ? [] : [`--arch ${arch}`])];
  return `${words.join(' ')} debian:${debian}${flavour}  # of linux-image-${release}-dbg`;
}

/** The lines of an end screen about dumps: where they are, and how crash and drgn read them. */
export function dumpLines({ trials, kernel, directory, vmlinux }: DumpView): string[] {
  const kept = trials.filter(({ dump }) => dump?.kept === true);
  const refused = trials.flatMap((trial) =>
    trial.dump?.kept === false ? [`no dump    of ${trialName(trial)}: ${trial.dump.why}`] : [],
  );
  const lacks = trials.flatMap(({ dump }) =>
    dump?.kept === true && dump.lacks ? [dump.lacks] : [],
  );
  const more = kept.length - SHOWN;
  return [
    ...kept.slice(0, SHOWN).flatMap((trial) => commands(trial, { directory, vmlinux })),
    ...(kept.length > 0 && vmlinux === null ? [`  VMLINUX  ${wayToVmlinux(kernel)}`] : []),
    ...lacks.slice(0, 1).map((lack) => `  but      ${lack}`),
    ...(more > 0
      ? [
          `           and ${more} more: ${kept
            .slice(SHOWN)
            .map((trial) => `${trialName(trial)}/${DUMP_FILE}`)
            .join(', ')}`,
        ]
      : []),
    ...refused.slice(0, REASONS),
    ...(refused.length > REASONS
      ? [`           and of ${refused.length - REASONS} more (--format json has all)`]
      : []),
  ];
}

function commands(
  trial: DumpView['trials'][number],
  { directory, vmlinux }: Pick<DumpView, 'directory' | 'vmlinux'>,
): string[] {
  const at = (name: string): string => `${directory}/${trialName(trial)}/${name}`;
  const symbols = vmlinux ?? UNKNOWN;
  return [
    `dump       ${at(DUMP_FILE)}`,
    `  crash    crash -i ${at(CRASH_COMMANDS)} ${symbols} ${at(DUMP_FILE)}`,
    `  drgn     drgn -q -c ${at(DUMP_FILE)} -s ${symbols} ${at(DRGN_SCRIPT)}`,
  ];
}
