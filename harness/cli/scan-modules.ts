// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { ModuleContext } from '../console/index.js';
import { DmraceError } from '../model/errors.js';
import { unreadable } from './scan-input.js';

const Hex = z.string().regex(/^(?:0x)?[0-9a-f]{1,16}$/i);
const Modules = z.array(
  z.object({
    module: z.string(),
    start: Hex,
    end: Hex,
    unloaded: z.boolean(),
    symbols: z.array(z.object({ name: z.string(), address: Hex })),
  }),
);

/** Reads what `--modules` names. */
export async function readModules(name: string): Promise<ModuleContext> {
  const text = await readFile(name, 'utf8').catch((error: unknown) => unreadable(name, error));
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  const parsed = Modules.safeParse(value);
  if (parsed.success) return { modules: parsed.data };
  throw new DmraceError('usage', {
    observed: `${name} is no record of modules`,
    artefact: name,
    action: 'See `dmrace scan --help` for its form.',
  });
}
