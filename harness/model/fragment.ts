// SPDX-License-Identifier: MIT
import type { KernelConfig } from './kernel.js';

/** One option that a fragment of kernel-config/ asks for. */
export interface RequestedOption {
  /** Without CONFIG_. */
  readonly name: string;
  /** `y`, `m`, a number or a string; `n` for "is not set". */
  readonly value: string;
  /** The comment line before it. */
  readonly why: string;
  /** Its comment begins with `[required]`: a kernel without it is no use. */
  readonly required: boolean;
}

/**
 * Reads a fragment: Kconfig's own form (scripts/kconfig/merge_config.sh), each option after one
 * comment line that says why. Options without such a line have an empty `why`.
 */
export function parseFragment(text: string): RequestedOption[] {
  const options: RequestedOption[] = [];
  let comment = '';
  for (const line of text.split('\n')) {
    const set = /^CONFIG_(\w+)=(.*)$/.exec(line);
    const unset = /^# CONFIG_(\w+) is not set$/.exec(line);
    const name = set?.[1] ?? unset?.[1];
    if (name !== undefined) {
      options.push({
        name,
        value: unset ? 'n' : (set?.[2] ?? '').replace(/^"|"$/g, ''),
        why: comment.replace(/^\[required\] /, ''),
        required: comment.startsWith('[required]'),
      });
      comment = '';
    } else comment = /^# (.*)$/.exec(line)?.[1] ?? '';
  }
  return options;
}

/** What several fragments ask for together: of an option asked for twice, the last one counts. */
export function mergeFragments(fragments: readonly RequestedOption[][]): RequestedOption[] {
  const merged = new Map<string, RequestedOption>();
  for (const option of fragments.flat()) {
    const before = merged.get(option.name);
    merged.delete(option.name);
    const required =
      option.required || (before?.required === true && before.value === option.value);
    merged.set(option.name, { ...option, required });
  }
  return [...merged.values()];
}

/** A requested option that the generated .config has otherwise. */
export interface DroppedOption extends RequestedOption {
  /** What the .config has; `n` when it does not mention the option. */
  readonly got: string;
}

/** Compares what was asked for with what Kconfig made of it. */
export function droppedOptions(
  requested: readonly RequestedOption[],
  config: KernelConfig,
): DroppedOption[] {
  return requested
    .map((option) => ({ ...option, got: config.get(option.name) ?? 'n' }))
    .filter((option) => option.got !== option.value);
}

/** What a tree's Kconfig files say of one symbol. */
export interface KconfigSymbol {
  readonly dependsOn: readonly string[];
  /** Symbols whose `select` names it. */
  readonly selectedBy: readonly string[];
}

/**
 * Reads definitions and selects out of Kconfig files (Documentation/kbuild/kconfig-language.rst).
 * `if` and `menu` blocks are not followed, so a reason found here is a probable one.
 */
export function readKconfig(texts: Iterable<string>): Map<string, KconfigSymbol> {
  const found = new Map<string, { dependsOn: string[]; selectedBy: string[] }>();
  const symbol = (name: string): { dependsOn: string[]; selectedBy: string[] } => {
    const known = found.get(name) ?? { dependsOn: [], selectedBy: [] };
    found.set(name, known);
    return known;
  };
  for (const text of texts) {
    let current: string | null = null;
    for (const line of text.replaceAll('\\\n', ' ').split('\n')) {
      const config = /^\s*(?:menu)?config\s+(\w+)\s*$/.exec(line)?.[1];
      if (config !== undefined) {
        current = config;
        symbol(config);
      } else if (/^(choice|endchoice|menu|endmenu|if|endif|comment|source)\b/.test(line)) {
        current = null;
      }
      const depends = /^\s+depends on\s+(.*)$/.exec(line)?.[1];
      if (current !== null && depends !== undefined) symbol(current).dependsOn.push(depends.trim());
      const selects = /^\s+select\s+(\w+)/.exec(line)?.[1];
      // A select of a symbol that no file defines is not a definition of it.
      if (current !== null && selects !== undefined) {
        const known = found.get(selects);
        if (known) known.selectedBy.push(current);
        else found.set(selects, { dependsOn: [], selectedBy: [current] });
      }
    }
  }
  return found;
}

/** Why Kconfig probably did not give what was asked for. */
export function probableReason(
  option: DroppedOption,
  symbols: ReadonlyMap<string, KconfigSymbol>,
  config: KernelConfig,
): string {
  const symbol = symbols.get(option.name);
  if (!symbol) return 'this tree has no such option';
  const on = (name: string): boolean => ['y', 'm'].includes(config.get(name) ?? 'n');
  if (option.value === 'n') {
    const selecting = symbol.selectedBy.filter(on);
    if (selecting.length > 0) return `selected by ${[...new Set(selecting)].join(', ')}`;
    return 'it has no prompt here, or a default that cannot be changed';
  }
  const unmet = symbol.dependsOn.filter((expression) => {
    const names = expression.match(/(?<!!\s*)\b[A-Z][A-Z0-9_]*\b/g) ?? [];
    const unwanted = [...expression.matchAll(/!\s*([A-Z][A-Z0-9_]*)/g)].map((m) => m[1] ?? '');
    const missing = names.filter((name) => !on(name));
    const needed = expression.includes('||') ? missing.length === names.length : missing.length > 0;
    return (names.length > 0 && needed) || unwanted.some(on);
  });
  if (unmet.length > 0) return `depends on ${unmet.join(' and on ')}`;
  return option.got === 'n'
    ? 'an unmet dependency of the menu it is in, or another choice was made'
    : `another option makes it ${option.got}`;
}

/** One line for each dropped option. */
export function describeDropped(option: DroppedOption, reason: string): string {
  return `CONFIG_${option.name}: wanted ${option.value}, got ${option.got} (${reason})${option.required ? `; needed: ${option.why}` : ''}`;
}
