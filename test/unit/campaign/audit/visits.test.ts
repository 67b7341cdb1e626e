// SPDX-License-Identifier: MIT
// Which guest a visit is made in, with guests of the test's own: nothing is booted.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { VisitOrder } from '../../../../harness/audit/live/command.js';
import type { VisitWish } from '../../../../harness/campaign/audit/visit-once.js';
import type { VisitRig } from '../../../../harness/campaign/audit/visit-rig.js';
import { makeVisits } from '../../../../harness/campaign/audit/visits.js';
import type { GuestRecord } from '../../../../harness/model/record.js';
import type { GuestVisit } from '../../../../harness/rig/audit-guest.js';

const modules = mkdtempSync(path.join(tmpdir(), 'dmrace-visits-'));
afterAll(() => rmSync(modules, { recursive: true }));

/** How a module fares in a guest. */
type Fate = 'well' | 'in-use' | 'load-fails' | 'ends-its-guest' | 'hangs';

const us = 0;
const step = (visit: number, status: number): GuestRecord => ({
  ...{ kind: 'step', us, visit, step: 'load', command: 'modprobe x', status },
  ...{ signal: 0, late: 0, ms: 1, output: status === 0 ? '' : 'no such device' },
});

function told({ number, module }: VisitOrder, fate: Fate): GuestVisit {
  const lost = fate === 'ends-its-guest';
  const error = fate === 'in-use' ? 11 : fate === 'hangs' ? 110 : 0;
  const records: GuestRecord[] = [
    step(number, fate === 'load-fails' ? 1 : 0),
    ...(lost || fate === 'load-fails'
      ? []
      : [
          {
            ...{ kind: 'unloaded' as const, us, visit: number, module, error },
            ...{ refcount: error === 0 ? -1 : 1, waited: 0, ms: 1 },
          },
        ]),
  ];
  const spoiled = lost || fate === 'hangs';
  return { records, console: '', lost: lost ? 'it panicked' : null, spoiled, durationMs: 1 };
}

/** A rig whose guests do as they are told, and what was asked of each. */
function rigOf(fate: (module: string, guest: number, visits: number) => Fate) {
  const guests: string[][] = [];
  let ended = 0;
  const rig: VisitRig = {
    kernel: { config: new Map(), modules },
    files: { read: async () => undefined, sectionsOf: () => null },
    start: async () => {
      const guest = guests.length;
      const asked: string[] = [];
      guests.push(asked);
      return {
        visit: async (order) => {
          asked.push(order.module);
          return told(order, fate(order.module, guest, asked.length));
        },
        [Symbol.asyncDispose]: async () => void ended++,
      };
    },
  };
  return { rig, guests, ended: () => ended };
}

const wishes = (...names: string[]): VisitWish[] =>
  names.map((module) => ({ module, exercise: null }));

async function visit(rig: VisitRig, names: readonly string[]) {
  const { signal } = new AbortController();
  const options = { jobs: 1, kind: 'watch', settleMs: 0, signal } as const;
  const made = [];
  for await (const one of makeVisits(rig, wishes(...names), options)) made.push(one.visit);
  return made;
}

describe('visits in guests', () => {
  it('share a guest, sixteen in each', async () => {
    const { rig, guests, ended } = rigOf(() => 'well');
    const names = Array.from({ length: 17 }, (_, index) => `m${index}`);
    const visits = await visit(rig, names);
    expect(visits.map(({ end }) => end.is)).toEqual(names.map(() => 'unloaded'));
    expect(guests.map(({ length }) => length)).toEqual([16, 1]);
    expect(ended()).toBe(2);
  });

  it.each(['in-use', 'load-fails'] as const)(
    'one that fails (%s) where others had been is made again in a fresh guest, and says both',
    async (fate) => {
      const { rig, guests, ended } = rigOf((module, _, visits) =>
        module === 'b' && visits > 1 ? fate : 'well',
      );
      const visits = await visit(rig, ['a', 'b', 'c']);
      // The guest that it failed in is not used for the next.
      expect(guests).toEqual([['a', 'b'], ['b'], ['c']]);
      expect(ended()).toBe(3);
      const [a, b, c] = visits;
      expect(b?.end).toEqual({ is: 'unloaded' });
      expect(b?.guest).toBe(1);
      expect(b?.usedGuestEnd).toMatchObject({
        is: fate === 'in-use' ? 'not-unloaded' : 'not-loaded',
      });
      expect([a?.usedGuestEnd, c?.usedGuestEnd]).toEqual([undefined, undefined]);
      expect([a?.guest, c?.guest]).toEqual([0, 2]);
    },
  );

  it('says that it failed in the fresh one too', async () => {
    const { rig } = rigOf((module) => (module === 'b' ? 'in-use' : 'well'));
    const [, b] = await visit(rig, ['a', 'b']);
    expect(b?.end.is).toBe('not-unloaded');
    expect(b?.usedGuestEnd?.is).toBe('not-unloaded');
  });

  it('are not made again where nobody had been before', async () => {
    const { rig, guests } = rigOf((module) => (module === 'a' ? 'in-use' : 'well'));
    const [a] = await visit(rig, ['a', 'b']);
    expect(a?.end.is).toBe('not-unloaded');
    expect(a?.usedGuestEnd).toBeUndefined();
    expect(guests).toEqual([['a', 'b']]);
  });

  it('go on in another guest after an unload that did not end', async () => {
    const { rig, guests } = rigOf((module) => (module === 'a' ? 'hangs' : 'well'));
    const visits = await visit(rig, ['a', 'b']);
    expect(visits.map(({ end }) => end)).toMatchObject([
      { is: 'not-unloaded', why: expect.stringMatching(/^it did not end/) as string },
      { is: 'unloaded' },
    ]);
    expect(guests).toEqual([['a'], ['b']]);
  });

  it('go on in another guest after one that was the end of theirs', async () => {
    const { rig, guests } = rigOf((module) => (module === 'b' ? 'ends-its-guest' : 'well'));
    const visits = await visit(rig, ['a', 'b', 'c']);
    expect(visits.map(({ end }) => end.is)).toEqual(['unloaded', 'lost', 'unloaded']);
    expect(guests).toEqual([['a', 'b'], ['c']]);
  });
});
