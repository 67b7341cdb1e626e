// SPDX-License-Identifier: MIT
import type { Visit, VisitEnd } from '../../model/audit.js';
import type { Exercise } from '../../model/exercise.js';
import type { ArchName, KernelConfig } from '../../model/kernel.js';
import type { AuditNote } from '../../runs/audit/note.js';
import type { LiveVisit } from './ports.js';

/** A module that was given with --module. */
export interface OwnModule {
  /** As in /proc/modules. */
  readonly module: string;
  readonly file: string;
  /** The kernel that it is built for, by its vermagic; empty where that cannot be read. */
  readonly release: string;
}

/** What a plan is made of. */
export interface PlanInput {
  readonly arch: ArchName;
  readonly release: string;
  readonly config: KernelConfig;
  /** Modules that the kernel has as files, and those that are built in; names as in /proc/modules. */
  readonly available: ReadonlySet<string>;
  readonly builtin: ReadonlySet<string>;
  readonly shipped: readonly Exercise[];
  /** Of --exercise: each takes the place of the shipped ones of its module. */
  readonly own: readonly Exercise[];
  readonly ownModules: readonly OwnModule[];
  /** Of MODULE. */
  readonly asked: readonly string[];
  /** Of --all: modules without an exercise are loaded and unloaded. */
  readonly all: boolean;
}

/** What is to be done about one visit: make it, or say at once how it ended. */
export type PlannedStep =
  | { readonly is: 'live'; readonly visit: LiveVisit }
  | { readonly is: 'known'; readonly visit: Visit };

/** Names as in /proc/modules: `-` is `_` (include/linux/module.h, kernel 6.12: KBUILD_MODNAME). */
export const moduleName = (text: string): string => text.replaceAll('-', '_');

/** The modules that somebody named, each once. */
export const namedModules = ({
  asked,
  own,
  ownModules,
}: Pick<PlanInput, 'asked' | 'own' | 'ownModules'>): string[] => [
  ...new Set([
    ...asked.map(moduleName),
    ...own.map(({ module }) => moduleName(module)),
    ...ownModules.map(({ module }) => module),
  ]),
];

/**
 * The visits of an audit, in order. Named modules, or all that have an exercise for this architecture,
 * and with `all` the others too.
 */
export function planVisits(input: PlanInput): PlannedStep[] {
  const { own, ownModules, shipped, arch, available, all } = input;
  const named = namedModules(input);
  const exercises = [
    ...own,
    ...shipped.filter(
      (one) =>
        (one.arch === undefined || one.arch.includes(arch)) &&
        !own.some(({ module }) => moduleName(module) === moduleName(one.module)),
    ),
  ];
  const rest = all ? [...available].sort() : [];
  const modules =
    named.length > 0
      ? named
      : [...new Set([...exercises.map(({ module }) => moduleName(module)), ...rest])];
  return modules.flatMap((module): PlannedStep[] => {
    const mine = exercises.filter((one) => moduleName(one.module) === module);
    const file = ownModules.find((one) => one.module === module);
    const each: (Exercise | null)[] = mine.length > 0 ? mine : [null];
    return each.map((exercise) => step(input, { module, exercise, file: file ?? null }));
  });
}

function step(
  input: PlanInput,
  {
    module,
    exercise,
    file,
  }: {
    readonly module: string;
    readonly exercise: Exercise | null;
    readonly file: OwnModule | null;
  },
): PlannedStep {
  const end = endWithoutGuest(input, { module, exercise, file });
  if (end === null) {
    return { is: 'live', visit: { module, exercise, file: file === null ? null : file.file } };
  }
  const nothing = { guest: 0, objects: 0, callbacks: 0, observations: [], durationMs: 0 };
  return { is: 'known', visit: { module, exercise: exercise?.name ?? null, end, ...nothing } };
}

/** How a visit ends that no guest is needed for; null for one that has to be made. */
function endWithoutGuest(
  { available, builtin, config, release, ownModules }: PlanInput,
  {
    module,
    exercise,
    file,
  }: {
    readonly module: string;
    readonly exercise: Exercise | null;
    readonly file: OwnModule | null;
  },
): VisitEnd | null {
  if (file !== null) {
    if (file.release === release) return null;
    const found =
      file.release === '' ? 'no kernel that its vermagic names' : `kernel ${file.release}`;
    return {
      is: 'not-loaded',
      why: `${file.file} is built for ${found}, this one is ${release}: build it against the headers of ${release}`,
    };
  }
  if (builtin.has(module)) return { is: 'builtin' };
  const missing = (exercise?.config ?? []).filter((option) => !config.has(option));
  if (missing.length > 0) {
    const options = missing.map((option) => `CONFIG_${option}`).join(', ');
    return {
      is: 'not-loaded',
      why: `its exercise needs ${options}, which this kernel does not set`,
    };
  }
  if (!available.has(module)) {
    return {
      is: 'not-loaded',
      why: `kernel ${release} has no module of that name: see its modules.dep, or give the file with --module`,
    };
  }
  const there = (name: string): boolean =>
    available.has(name) || builtin.has(name) || ownModules.some((one) => one.module === name);
  const absent = (exercise?.needs ?? []).map(moduleName).filter((name) => !there(name));
  if (absent.length === 0) return null;
  const modules = absent.join(', ');
  return {
    is: 'not-loaded',
    why: `its exercise needs ${modules}, which this kernel does not have`,
  };
}

/** A step as the audit's note has it. */
export const plannedOf = (step: PlannedStep): AuditNote['plan'][number] =>
  step.is === 'known'
    ? { module: step.visit.module, exercise: step.visit.exercise }
    : { module: step.visit.module, exercise: step.visit.exercise?.name ?? null };
