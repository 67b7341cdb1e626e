// SPDX-License-Identifier: MIT

/** An address: a bigint, a safe integer, or lower-case hex with or without `0x`. */
export type Address = bigint | number | string;

/** A symbol of a table. */
export interface KernelSymbol {
  readonly name: string;
  readonly address: Address;
}

/** A module's text as it was loaded, recorded while it was there. */
export interface ModuleText {
  readonly module: string;
  /** First address of the module's memory. */
  readonly start: Address;
  /** First address after it. */
  readonly end: Address;
  /** Whether it was gone when the crash happened. */
  readonly unloaded: boolean;
  readonly symbols: readonly KernelSymbol[];
}

/** The value of an address; throws a SyntaxError when it is none. */
export function addressOf(value: Address): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'number') return BigInt(value);
  return BigInt(value.startsWith('0x') ? value : `0x${value}`);
}

/** The module whose recorded range holds an address. */
export function moduleAt(modules: readonly ModuleText[], address: bigint): ModuleText | undefined {
  return modules.find((m) => addressOf(m.start) <= address && address < addressOf(m.end));
}

/** `function+0xoffset` for an address, by the nearest symbol below it. */
export function nameAddress(symbols: readonly KernelSymbol[], address: bigint): string | undefined {
  let best: { name: string; at: bigint } | undefined;
  for (const symbol of symbols) {
    const at = addressOf(symbol.address);
    if (at <= address && (best === undefined || at > best.at)) best = { name: symbol.name, at };
  }
  return best === undefined ? undefined : `${best.name}+0x${(address - best.at).toString(16)}`;
}

const SYMBOL_LINE = /^([0-9a-f]{8,16}) ([A-Za-z?]) (\S+)(?:\s+\[([\w-]+)\])?\s*$/;

/** One line of System.map or /proc/kallsyms. */
export interface MapSymbol {
  readonly name: string;
  readonly address: bigint;
  readonly type: string;
  readonly module?: string;
}

/** Reads System.map or /proc/kallsyms; lines that are no symbol are left out. */
export function parseSymbolMap(text: string): MapSymbol[] {
  const found: MapSymbol[] = [];
  for (const line of text.split('\n')) {
    const m = SYMBOL_LINE.exec(line);
    if (!m) continue;
    const symbol = { address: BigInt(`0x${m[1]}`), type: m[2] ?? '?', name: m[3] ?? '' };
    found.push(m[4] === undefined ? symbol : { ...symbol, module: m[4] });
  }
  return found;
}

/** A table that names text addresses by binary search. */
export class SymbolTable {
  private readonly sorted: readonly MapSymbol[];

  constructor(symbols: readonly MapSymbol[]) {
    this.sorted = symbols
      .filter((s) => /[tTwW]/.test(s.type) && s.address !== 0n)
      .sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
  }

  /** `function+0xoffset`, with the module in brackets; nothing outside the table. */
  name(address: Address): string | undefined {
    const value = addressOf(address);
    let low = 0;
    let high = this.sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = this.sorted[middle]?.address ?? 0n;
      if (at <= value) low = middle + 1;
      else high = middle;
    }
    const symbol = this.sorted[low - 1];
    // Past the last symbol nothing says where the text ends: 1 MiB is more than any function.
    if (symbol === undefined || value - symbol.address > 0x10_0000n) return undefined;
    const module = symbol.module === undefined ? '' : ` [${symbol.module}]`;
    return `${symbol.name}+0x${(value - symbol.address).toString(16)}${module}`;
  }

  /** Where a function begins; the first of its name. */
  addressOf(name: string): bigint | undefined {
    return this.sorted.find((s) => s.name === name)?.address;
  }
}

/** Makes a module's record of the kallsyms taken while it was loaded and its size (/proc/modules). */
export function moduleText(
  symbols: readonly MapSymbol[],
  module: string,
  range: { readonly start: Address; readonly end: Address },
  unloaded: boolean,
): ModuleText {
  return { module, ...range, unloaded, symbols: symbols.filter((s) => s.module === module) };
}
