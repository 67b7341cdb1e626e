// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { assets } from './assets.js';

/** This package's version, as its own package.json says it. */
export function version(): string {
  const own: unknown = JSON.parse(readFileSync(assets('package.json'), 'utf8'));
  const said = typeof own === 'object' && own !== null && 'version' in own ? own.version : null;
  if (typeof said !== 'string') throw new Error(`${assets('package.json')} has no version`);
  return said;
}
