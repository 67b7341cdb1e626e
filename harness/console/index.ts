// SPDX-License-Identifier: GPL-2.0-only

/** The console detector: bytes of a kernel log in, crash reports out. Pure; no I/O. */
import type { Finding } from '../model/finding.js';
import type { CauseContext } from './cause.js';
import { ConsoleScanner } from './scanner.js';

export { attributeCause, type CauseContext } from './cause.js';
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
export function scanConsole(log: Uint8Array | string, context?: CauseContext): Finding[] {
  const scanner = new ConsoleScanner(context);
  const found = scanner.push(typeof log === 'string' ? new TextEncoder().encode(log) : log);
  return [...found, ...scanner.end()];
}
