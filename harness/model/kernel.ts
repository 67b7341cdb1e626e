// SPDX-License-Identifier: MIT
import { DmraceError } from './errors.js';
import type { SuspectBuild } from './suspect-build.js';

/** Architectures with a data file in harness/model/arch/. */
export const ARCHES = ['x86_64', 'arm64'] as const;
export type ArchName = (typeof ARCHES)[number];

/** A kernel specification as given with `--kernel`. */
export type KernelSpec =
  | {
      readonly from: 'debian';
      readonly suite: string | null;
      readonly version: string | null;
      /** What follows the version in `linux-image-6.1.0-56-rt-arm64`; null for the architecture's own choice. */
      readonly flavour: string | null;
    }
  | { readonly from: 'src'; readonly path: string }
  | {
      readonly from: 'image';
      readonly path: string;
      readonly modules: string;
      readonly build: string;
    };

const SUITES =
  /^(bullseye|bookworm|trixie|forky|duke|sid|experimental)(-security|-backports|-updates)?$/;
const VERSION = /^\d+\.\d+(\.[\w.+~-]+)?$/;

const FLAVOUR = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/**
 * Reads a kernel specification.
 * @throws DmraceError (usage) for anything that is not one.
 */
export function parseKernelSpec(text: string): KernelSpec {
  const debian = /^debian(?::([^/]*))?(?:\/(.*))?$/.exec(text);
  if (debian) return parseDebianSpec(text, debian[1] ?? '', debian[2] ?? null);
  const colon = text.indexOf(':');
  const from = colon < 0 ? text : text.slice(0, colon);
  const rest = colon < 0 ? '' : text.slice(colon + 1);
  if (from === 'src' && rest !== '') return { from, path: rest };
  if (from === 'image' && rest !== '') return parseImageSpec(text, rest);
  throw bad(text, `"${from}" is no source of kernels`);
}

/** `debian`, `debian:SUITE`, `debian:VERSION`, each with `/FLAVOUR` or without. */
function parseDebianSpec(text: string, which: string, flavour: string | null): KernelSpec {
  if (flavour !== null && !FLAVOUR.test(flavour)) {
    throw bad(text, `"${flavour}" is no flavour of Debian's kernels, like rt-arm64`);
  }
  const none = { from: 'debian', suite: null, version: null, flavour } as const;
  if (which === '') return none;
  if (SUITES.test(which)) return { ...none, suite: which };
  if (VERSION.test(which)) return { ...none, version: which };
  throw bad(text, `"${which}" is neither a Debian suite nor a kernel version like 6.12`);
}

function parseImageSpec(text: string, rest: string): KernelSpec {
  const [path = '', ...options] = rest.split(',');
  const values = new Map(
    options.map((option) => {
      const equals = option.indexOf('=');
      return [option.slice(0, Math.max(equals, 0)), option.slice(equals + 1)] as const;
    }),
  );
  const modules = values.get('modules');
  const build = values.get('build');
  if (!path || !modules || !build || options.length !== 2 || values.size !== 2) {
    throw bad(text, 'image: needs a path, modules=DIR and build=DIR, and nothing else');
  }
  return { from: 'image', path, modules, build };
}

function bad(text: string, why: string): DmraceError {
  return new DmraceError('usage', {
    observed: `--kernel ${text}: ${why}`,
    action: 'use debian, debian:6.12 or debian:sid (see dmrace run --help)',
  });
}

/** A kernel's .config: option name without CONFIG_ to its value (`y`, `m`, a number, a string). */
export type KernelConfig = ReadonlyMap<string, string>;

/** Reads a .config; options that are "not set" are absent. */
export function parseKernelConfig(text: string): KernelConfig {
  const options = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^CONFIG_(\w+)=(.*)$/.exec(line);
    if (match?.[1] && match[2] !== undefined) options.set(match[1], match[2].replace(/^"|"$/g, ''));
  }
  return options;
}

/** The options that are built as modules: most are one file of /lib/modules, some more or none. */
export const modulesOf = (config: KernelConfig): string[] =>
  [...config].flatMap(([name, value]) => (value === 'm' ? [name] : []));

/** Something a kernel's configuration lacks, with the remedy. */
export interface ConfigProblem {
  readonly observed: string;
  readonly action: string;
}

/**
 * How this kernel is made preemptible, or why it cannot be. PREEMPT_DYNAMIC: since 5.12.
 * PREEMPT_LAZY: since 6.13; there too a task of a higher class preempts at once (kernel/sched/core.c,
 * wakeup_preempt()). Since 7.x (seen in 7.3.4, kernel/Kconfig.preempt) x86-64 and arm64 have no
 * PREEMPT_NONE and no PREEMPT_VOLUNTARY any more, and `preempt=` still knows `full`.
 */
export function preemption(
  config: KernelConfig,
):
  | { readonly ok: true; readonly parameter: string; readonly says: string }
  | { readonly ok: false } {
  if (config.get('PREEMPT_RT') === 'y') return { ok: true, parameter: '', says: 'PREEMPT_RT' };
  if (config.get('PREEMPT_DYNAMIC') === 'y') {
    return {
      ok: true,
      parameter: 'preempt=full',
      says: 'PREEMPT_DYNAMIC, booted with preempt=full',
    };
  }
  if (config.get('PREEMPT') === 'y') return { ok: true, parameter: '', says: 'PREEMPT' };
  if (config.get('PREEMPT_LAZY') === 'y') return { ok: true, parameter: '', says: 'PREEMPT_LAZY' };
  return { ok: false };
}

/**
 * Everything a kernel must have for the race of a suspect and its evidence, all problems at once.
 * @param suspect the module that is unloaded, with the Kconfig option that makes it one
 */
export function configProblems(
  config: KernelConfig,
  suspect: Pick<SuspectBuild, 'module' | 'option'>,
): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const need = (option: string, why: string): void => {
    if (config.get(option) !== 'y') {
      problems.push({
        observed: `CONFIG_${option} is ${config.get(option) ?? 'not set'}`,
        action: `set CONFIG_${option}=y: ${why}`,
      });
    }
  };
  const { option, module } = suspect;
  const value = config.get(option);
  if (value !== 'm') {
    problems.push({
      observed: `CONFIG_${option} is ${value ?? 'not set'}`,
      action: `set CONFIG_${option}=m: only a module can be unloaded`,
    });
  }
  if (!preemption(config).ok) {
    problems.push({
      observed: 'the kernel is neither PREEMPT nor PREEMPT_DYNAMIC nor PREEMPT_RT',
      action: 'set CONFIG_PREEMPT=y: without preemption inside the kernel step 7 cannot happen',
    });
  }
  need('MODULE_UNLOAD', `step 9 unloads ${module}`);
  need('KALLSYMS', 'the release method is found by its symbol');
  need('KPROBE_EVENTS', 'steps 3 to 6 are proven by trace probes');
  need('FTRACE_SYSCALLS', 'steps 2 and 9 are proven by the system call trace');
  need('STACKTRACE', 'step 7 is proven by the holder’s stack');
  return problems;
}
