// SPDX-License-Identifier: MIT
import type { Layout } from '../evidence/layout.js';
import type { Arch } from '../model/arch/index.js';

/** What a debugger is to load and where it attaches. */
export interface GdbScript {
  readonly arch: Arch;
  /** Names of vmlinux and the other modules. */
  readonly kernel: string;
  /** The suspect's module, with what a debugger needs. */
  readonly object: string;
  /** Where it lies in the guest. */
  readonly layout: Layout;
  readonly socket: string;
}

/** gdb takes sections of a module's file by these names; the rest is of no use to a debugger. */
const SECTION = /^\.(text(\..*)?|data(\..*)?|rodata(\..*)?|bss|exit\.text|noinstr\.text)$/;

/** A file name as gdb's commands take it: blanks and quotes behind a backslash. */
const quoted = (file: string): string => file.replaceAll(/[\s\\'"]/g, '\\$&');

/** The commands that attach gdb to a stopped guest, for `gdb -x`. */
export function gdbScript({ arch, kernel, object, layout, socket }: GdbScript): string {
  return [
    `set architecture ${arch.gdb.name}`,
    `symbol-file ${quoted(kernel)}`,
    addSymbolFile(object, layout),
    `target remote ${quoted(socket)}`,
    '',
  ].join('\n');
}

/** gdb's command that takes a module's names to where its sections lay in the guest. */
export function addSymbolFile(object: string, layout: Layout): string {
  const at = (address: bigint): string => `0x${address.toString(16)}`;
  const sections = layout.sections.filter(
    ({ name, address }) => SECTION.test(name) && address !== 0n,
  );
  const text = sections.find(({ name }) => name === '.text')?.address ?? layout.text?.start ?? 0n;
  const others = sections
    .filter(({ name }) => name !== '.text')
    .map(({ name, address }) => ` -s ${name} ${at(address)}`);
  return `add-symbol-file ${quoted(object)} ${at(text)}${others.join('')}`;
}
