// SPDX-License-Identifier: MIT
// Whether a thread outlives its module by itself or by what our module holds, with guests of the
// test's own: nothing is booted.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { VisitOrder } from '../../../../harness/audit/live/command.js';
import type { VisitRig } from '../../../../harness/campaign/audit/visit-rig.js';
import { makeVisits } from '../../../../harness/campaign/audit/visits.js';
import type { GuestRecord } from '../../../../harness/model/record.js';
import type { GuestVisit } from '../../../../harness/rig/audit-guest.js';

const modules = mkdtempSync(path.join(tmpdir(), 'dmrace-kept-'));
afterAll(() => rmSync(modules, { recursive: true }));

const us = 0;
const section = { name: '.text', size: 0x100, symbols: [{ name: 'error_handler', offset: 0 }] };

/** What a guest tells of a visit, in which something of the module may outlive it. */
function told({ number, module }: VisitOrder, thing: string | null, error = 0): GuestVisit {
  const records: GuestRecord[] = [
    { kind: 'module', us, name: module, size: 4096, refcount: 0, address: 'c0001000', taint: '' },
    { kind: 'section', us, module, name: '.text', address: 'c0001000' },
    {
      ...{ kind: 'unloaded', us, visit: number, module, error },
      ...{ refcount: error === 0 ? -1 : 1, waited: 0, ms: 1 },
    },
    ...(thing === null
      ? []
      : [
          {
            ...{ kind: 'outlives' as const, us, visit: number, index: 0, thing, blocked: 0 },
            ...{ fault: 'pending', object: 'ff', address: 'c0001000', what: 'eh_0' },
          },
        ]),
  ];
  return { records, console: '', lost: null, spoiled: false, durationMs: 1 };
}

type Tell = (order: VisitOrder, visits: number) => GuestVisit;

/** One visit, its observations, and what was asked of which guests. */
async function visit(tell: Tell, config: ReadonlyMap<string, string> = new Map()) {
  const asked: string[] = [];
  let guests = 0;
  const rig: VisitRig = {
    kernel: { config, modules },
    files: { read: async () => undefined, sectionsOf: () => [section] },
    start: async (kind) => {
      const guest = guests++;
      return {
        visit: async (order) => {
          asked.push(`${kind} ${guest} ${order.hold ? 'holds' : 'free'}, proves ${order.prove}`);
          return tell(order, asked.length);
        },
        [Symbol.asyncDispose]: async () => undefined,
      };
    },
  };
  const { signal } = new AbortController();
  const options = { jobs: 1, kind: 'watch', settleMs: 0, signal } as const;
  for await (const made of makeVisits(rig, [{ module: 'scsi_mod', exercise: null }], options)) {
    return { asked, observations: made.visit.observations };
  }
  throw new Error('there was no visit');
}

const HOLDS = 'watch 0 holds, proves 6';
const FREE = (guest: number): string => `watch ${guest} free, proves 0`;

describe('a thread that outlives its module', () => {
  it('only where its object is held has no holder in the kernel, after two visits without', async () => {
    const { asked, observations } = await visit((order) =>
      told(order, order.hold ? 'thread' : null),
    );
    expect(asked).toEqual([HOLDS, FREE(1), FREE(2)]);
    expect(observations).toMatchObject([
      { fault: 'thread', word: 'pending', what: 'eh_0', holder: { is: 'helper' } },
    ]);
  });

  it('has the debug option for one where the kernel has it', async () => {
    const config = new Map([['DEBUG_KOBJECT_RELEASE', 'y']]);
    const { observations } = await visit(
      (order) => told(order, order.hold ? 'thread' : null),
      config,
    );
    expect(observations).toMatchObject([{ holder: { is: 'debug-option' } }]);
  });

  it('without that too is the kernel’s own', async () => {
    const { asked, observations } = await visit((order) => told(order, 'thread'));
    expect(asked).toEqual([HOLDS, FREE(1)]);
    expect(observations).toMatchObject([{ holder: { is: 'kernel' } }]);
  });

  it('is the kernel’s own where one visit without missed it', async () => {
    const { observations } = await visit((order, visits) =>
      told(order, visits === 2 ? null : 'thread'),
    );
    expect(observations).toMatchObject([{ holder: { is: 'kernel' } }]);
  });

  it('is what it was where the visit without did not unload', async () => {
    const { asked, observations } = await visit((order) =>
      order.hold ? told(order, 'thread') : told(order, null, 16),
    );
    expect(asked).toEqual([HOLDS, FREE(1)]);
    expect(observations).toMatchObject([{ holder: { is: 'kernel' } }]);
  });
});

it.each(['timer', 'work'])('a %s is not asked about without its object', async (thing) => {
  const { asked } = await visit((order) => told(order, order.hold ? thing : null));
  expect(asked).toEqual([HOLDS]);
});
