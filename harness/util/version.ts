// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { assets } from './assets.js';

/** This package's version. */
export function version(): string {
  const text = readFileSync(assets('package.json'), 'utf8');
  return z.looseObject({ version: z.string() }).parse(JSON.parse(text)).version;
}
