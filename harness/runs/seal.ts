// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { z } from 'zod';

/** The SHA-256 of some text or bytes, in hex. */
export const sha256 = (content: Uint8Array | string): string =>
  createHash('sha256').update(content).digest('hex');

/** The last field of a sealed file. */
export const Seal = z.string().regex(/^[0-9a-f]{64}$/);

/** JSON that says its own SHA-256 in the field `seal`: of the same text without that field. */
export function sealedText(value: object): string {
  return `${JSON.stringify({ ...value, seal: sha256(JSON.stringify(value)) }, null, 2)}\n`;
}

/**
 * Whether the text of a sealed file is as it was written.
 * @param text JSON; anything else is not
 */
export function isAsSealed(text: string): boolean {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return false;
  }
  if (typeof read !== 'object' || read === null || !('seal' in read)) return false;
  const { seal: _, ...rest } = read;
  // To the byte: a blank more is not what was written either.
  return text === sealedText(rest);
}
