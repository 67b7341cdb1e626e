// SPDX-License-Identifier: MIT
import type { ConsoleLine } from './line.js';
import type { ModuleText } from './symbols.js';

/** What a line of /proc/modules of a loaded module has; the prefilter lets such lines through. */
export const MODULE_HINT = ' Live 0x';

/**
 * m_show(), kernel/module/procfs.c: name, size, references, dependants, state, address, taints. The
 * address is where the module's text begins. The size is that of all its memory, which since v6.4
 * lies in several places (struct module_memory): the text ends before it.
 */
const LISTED = /^([\w-]{1,64}) (\d{1,10}) \d+ \S+ Live 0x([0-9a-f]{8,16})(?: \([A-Z]+\))?\s*$/;
/** print_modules(), kernel/module/main.c; a long list goes on in the next lines. */
const LINKED = /^\s*Modules linked in:(.*)$/;
const LAST_UNLOADED = /\[last unloaded: /;
/** A line of nothing but names, as such a list goes on. */
const NAMES = /^\s*(?:[\w-]+(?:\([^()\s]*\))?(?:\s+|$))+(?:\[last unloaded: .*)?$/;
/** Addresses of modules that are remembered: a kernel of 4,000 modules has them all loaded at most. */
const MAX_MODULES = 8192;

interface Place {
  readonly module: string;
  readonly start: bigint;
  readonly end: bigint;
}

/** Where the modules of a log lay, as far as it shows /proc/modules. */
export class LoggedModules {
  private places = new Map<string, Place>();

  /** Takes in a line that may be one of that list. */
  note(line: ConsoleLine): void {
    if (!line.text.includes(MODULE_HINT)) return;
    const listed = LISTED.exec(line.text);
    if (listed === null) return;
    const [, module = '', size = '0', address = '0'] = listed;
    const start = BigInt(`0x${address}`);
    // Without CAP_SYSLOG, or with kptr_restrict, all addresses are 0.
    if (start === 0n || (this.places.size >= MAX_MODULES && !this.places.has(module))) return;
    this.places.set(module, { module, start, end: start + BigInt(size) });
  }

  /** Forgets them: another boot or log begins. */
  clear(): void {
    this.places.clear();
  }

  /**
   * The modules as a report finds them: those that its `Modules linked in:` names are there, and
   * the others were unloaded since they were listed. Empty where it has no such line. A module ends
   * at the latest where the next one begins.
   */
  at(report: readonly { readonly text: string }[]): ModuleText[] {
    if (this.places.size === 0) return [];
    const linked = linkedIn(report.map(({ text }) => text));
    if (linked === undefined) return [];
    const sorted = [...this.places.values()].sort((a, b) => (a.start < b.start ? -1 : 1));
    return sorted.map(({ module, start, end }, i) => {
      const next = sorted[i + 1]?.start ?? end;
      const unloaded = !linked.has(module);
      return { module, start, end: next < end ? next : end, unloaded, symbols: [] };
    });
  }
}

/** Names of the modules that a report says are loaded; nothing where it does not say. */
function linkedIn(lines: readonly string[]): ReadonlySet<string> | undefined {
  const at = lines.findIndex((text) => LINKED.test(text));
  if (at < 0) return undefined;
  const rest = lines.slice(at + 1);
  const end = rest.findIndex((text) => !NAMES.test(text));
  const more = LAST_UNLOADED.test(lines[at] ?? '') ? [] : rest.slice(0, Math.max(0, end));
  const list = [LINKED.exec(lines[at] ?? '')?.[1] ?? '', ...more].join(' ');
  const names = list.replace(/\[last unloaded:.*$/, '').match(/[\w-]+(?=\([^)]*\)|\s|$)/g);
  return new Set(names ?? []);
}
