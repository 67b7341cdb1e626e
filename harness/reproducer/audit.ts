// SPDX-License-Identifier: MIT
import type { AuditFinding, FindingModule } from '../audit/finding.js';
import { DmraceError } from '../model/errors.js';
import type { Exercise } from '../model/exercise.js';
import type { KernelIdentity } from '../model/kernel-identity.js';
import type { ReproducerPlan, Tool } from './plan.js';

/** Debian's packages of tools that exercises use most; of others the README gives the name. */
const PACKAGES: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  tc: 'iproute2',
  bridge: 'iproute2',
  nft: 'nftables',
  dmsetup: 'dmsetup',
  mdadm: 'mdadm',
  losetup: 'mount',
  mount: 'mount',
  umount: 'mount',
  perl: 'perl-base',
  'mkfs.ext4': 'e2fsprogs',
  'iptables-nft': 'iptables',
  'iptables-legacy': 'iptables',
  ipset: 'ipset',
  ethtool: 'ethtool',
  cryptsetup: 'cryptsetup-bin',
  nvme: 'nvme-cli',
  zramctl: 'util-linux',
  mke2fs: 'e2fsprogs',
};

/** What a reproducer of a finding is made of. */
export interface FindingSource {
  readonly finding: AuditFinding;
  readonly kernel: KernelIdentity;
  /** Exercises that the audit used, by name. */
  readonly exercises: ReadonlyMap<string, Exercise>;
  /** Scripts that the audit's guests have beside Debian's programs, by name. */
  readonly scripts: ReadonlyMap<string, string>;
  /** The version of dmrace that writes it. */
  readonly dmrace: string;
}

/**
 * The plan of a reproducer of a proven finding: without any module of ours where it crashed untainted,
 * else with holder.ko where what outlived the module is a kobject that sysfs shows.
 * @throws DmraceError (usage) for a finding that is not proven, or that a shell cannot show
 */
export function findingReproducer(source: FindingSource): ReproducerPlan {
  const { finding, kernel, exercises, scripts, dmrace } = source;
  const refuse = (observed: string, action: string): never => {
    throw new DmraceError('usage', { observed: `${finding.id}: ${observed}`, action });
  };
  const { proof } = finding;
  if (proof === null) {
    return refuse(`it is ${finding.word}: no crash proves it`, 'name a finding that is proven');
  }
  const module = shown(finding.modules);
  if (!module) return refuse('no module of it crashed', 'name a finding that is proven');
  const exercise = module.exercise === null ? undefined : exercises.get(module.exercise);
  if (module.exercise !== null && !exercise) {
    return refuse(
      `the audit’s folder does not have its exercise, ${module.exercise}`,
      'audit that module again',
    );
  }
  const untainted = module.untainted !== null && module.untainted.times > 0;
  const hold = untainted ? null : sysfsFolder(module.what);
  if (!untainted && hold === null) {
    return refuse(
      `it crashed only with the audit’s own module in the kernel, and what outlived ${module.module} (${module.what}) is no folder of sysfs that a small module could hold`,
      'name a finding that crashed untainted',
    );
  }
  return {
    title: finding.title,
    why: [
      `After \`rmmod ${module.module}\`, ${finding.core ?? 'the kernel'}() still uses ${module.what} of the unloaded module: ${finding.needs}.`,
      ...(finding.documentation === null
        ? []
        : [`To be asked of the module: ${finding.documentation.asks}.`]),
    ],
    documentation: finding.documentation?.file ?? null,
    kernel,
    seen: untainted ? module.untainted : module.helped,
    tools: toolsOf(exercise),
    config: [
      ...(exercise?.config ?? []),
      ...(untainted && module.holder?.is === 'debug-option' ? ['DEBUG_KOBJECT_RELEASE'] : []),
    ],
    needs: exercise?.needs ?? [],
    module: module.module,
    parameters: exercise?.parameters ?? '',
    create: exercise?.create ?? [],
    destroy: exercise?.destroy ?? [],
    scripts: used(scripts, [...(exercise?.create ?? []), ...(exercise?.destroy ?? [])]),
    hold,
    realTime: untainted,
    expedited: untainted,
    waitS: 6,
    tries: untainted ? 20 : 1,
    address: finding.address,
    report: proof.finding.text,
    dmrace,
  };
}

/** The scripts that commands name: as a program, or as a module of Perl's (`-MGuest`). */
const used = (
  scripts: ReadonlyMap<string, string>,
  commands: readonly string[],
): ReadonlyMap<string, string> =>
  new Map(
    [...scripts].filter(([name]) => {
      const word = name.replace(/\.pm$/, '');
      const pattern = new RegExp(name === word ? `(^|[\\s;&|(])${word}\\b` : `-M${word}\\b`, 'm');
      return commands.some((command) => pattern.test(command));
    }),
  );

/** The module that shows it best: untainted, then with a crash at all. */
const shown = (modules: readonly FindingModule[]): FindingModule | undefined =>
  modules.find(({ untainted }) => untainted !== null && untainted.times > 0) ??
  modules.find(({ helped }) => helped !== null && helped.times > 0);

/** A folder of sysfs, with /sys or from it on, as the kernel names a kobject (kobject_get_path()). */
function sysfsFolder(what: string): string | null {
  const path = what.startsWith('/sys/') ? what : `/sys/${what}`;
  const isFolder = /^\/sys\/(block|bus|class|devices|firmware|fs|kernel|module)\/[\w./:@-]+$/;
  return isFolder.test(path) && !path.includes('..') ? path : null;
}

/** The programs that an exercise names, and those of {@link PACKAGES} that its commands begin with. */
function toolsOf(exercise: Exercise | undefined): Tool[] {
  if (!exercise) return [];
  const commands = [...exercise.create, ...exercise.destroy].join('\n');
  const words = new Set(commands.split(/[\s;|&(){}]+/));
  const names = [...exercise.tools, ...Object.keys(PACKAGES).filter((name) => words.has(name))];
  return [...new Set(names)].map((name) => ({ name, package: PACKAGES[name] ?? null }));
}
