// SPDX-License-Identifier: MIT
// The faults of the table, done to the real program: the quick ones in `npm test`, all of them in
// `npm run test:faults`.
import path from 'node:path';
import { execa } from 'execa';
import { beforeAll, describe, expect, it } from 'vitest';
import { doFault, unable, warm } from './run.js';
import { FAULTS } from './table.js';

const all = process.env.DMRACE_FAULTS === 'all';
const why = await unable();

beforeAll(async () => {
  if (why === null) await warm();
}, 600_000);

describe('a fault at run time', () => {
  it('of the table has a name of its own, and a third of them are quick', () => {
    const names = FAULTS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(60);
    expect(FAULTS.filter(({ quick }) => quick).length * 3).toBeGreaterThanOrEqual(names.length);
  });

  it('is done by the soak, too, which then verifies the cache', async () => {
    if (why !== null) throw new Error(why);
    const script = path.join(import.meta.dirname, 'soak.mjs');
    const { stdout, all } = await execa(
      process.execPath,
      [script, '--once', '--only', 'a saved guest is another placement’s, with its sums'],
      { all: true, reject: false },
    );
    expect(all).toMatch(/^1\/1 ok /m);
    expect(stdout).toMatch(/^soak: 1 faults in .*: 0 not as expected; 0 wrong verdicts/m);
  });

  // All of them: two at a time, as the soak does, because most of their time is waiting.
  const done = all ? it.concurrent : it;
  done.each(FAULTS.filter(({ quick }) => all || quick))(
    '$name',
    async (fault) => {
      if (why !== null) throw new Error(why);
      const { wrong } = await doFault(fault);
      expect(wrong).toEqual([]);
    },
    900_000,
  );
});
