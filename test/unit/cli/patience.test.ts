// SPDX-License-Identifier: MIT
import { expect, it } from 'vitest';
import { RunOptions } from '../../../harness/cli/options.js';

it.each([
  ['0.5', 0.5],
  ['100', 100],
  [4, 4],
])('--patience %s is %d', (given, factor) => {
  expect(RunOptions.parse({ patience: given }).patience).toBe(factor);
});

it.each(['0.4', '100.5', '', '-1', '1e1', 'long', 0])('--patience %j is none', (given) => {
  expect(RunOptions.safeParse({ patience: given }).success).toBe(false);
});
