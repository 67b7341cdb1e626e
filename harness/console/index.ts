// SPDX-License-Identifier: MIT

/** The console detector: bytes of a kernel log in, crash reports out. Pure; no I/O. */
import type { RawFinding } from '../model/finding.js';
import type { ModuleContext } from './gone.js';
import { ConsoleScanner } from './scanner.js';

export { CORRUPTED } from './finish.js';
export type { ModuleContext } from './gone.js';
export type { LoggedKernel } from './logged-kernel.js';
export { ConsoleScanner } from './scanner.js';
export {
  type Address,
  addressOf,
  type KernelSymbol,
  type MapSymbol,
  type ModuleText,
  moduleAt,
  moduleText,
  nameAddress,
  parseSymbolMap,
  SymbolTable,
} from './symbols.js';

/** Scans a whole log at once. */
export function scanConsole(log: Uint8Array | string, context?: ModuleContext): RawFinding[] {
  const scanner = new ConsoleScanner(context);
  const found = scanner.push(typeof log === 'string' ? new TextEncoder().encode(log) : log);
  return [...found, ...scanner.end()];
}
