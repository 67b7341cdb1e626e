// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { assets } from '../../../harness/util/assets.js';

const GUEST = assets('vm/guest');

const sources = readdirSync(GUEST, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => path.relative(GUEST, path.join(entry.parentPath, entry.name)));

it('only its own folder and the table of suspects name dm', () => {
  const outside = sources.filter((file) => !file.startsWith('suspects/'));
  expect(outside.length).toBeGreaterThan(20);
  for (const file of [...outside.map((name) => path.join(GUEST, name)), assets('vm/init')]) {
    expect(readFileSync(file, 'utf8'), file).not.toMatch(
      /dm_kobject|dm.?mod|dmsetup|\/mapper|"dm-/,
    );
  }
});
