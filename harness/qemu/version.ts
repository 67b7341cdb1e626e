// SPDX-License-Identifier: MIT
import type { Arch } from '../model/arch/index.js';
import { runTool } from '../util/command.js';

const asked = new Map<string, Promise<string>>();

/**
 * What QEMU says of its version, asked once: its start costs more than all else that is asked
 * before a trial, because it loads some hundred libraries.
 * @throws DmraceError (environment) without QEMU.
 */
export function qemuVersionText({ qemu: { binary } }: Arch): Promise<string> {
  const key = `${binary} ${process.env.PATH}`;
  const known = asked.get(key);
  if (known) return known;
  const said = runTool(binary, ['--version']);
  asked.set(key, said);
  // One that is installed meanwhile is found.
  said.catch(() => asked.delete(key));
  return said;
}
