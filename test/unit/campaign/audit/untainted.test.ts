// SPDX-License-Identifier: MIT
// What is tried on the untouched kernel, how often and side by side, with guests of the test's own:
// a try that crashes is the capture of a real guest.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { ModuleSection } from '../../../../harness/audit/live/module-elf.js';
import type { VisitOutput } from '../../../../harness/audit/live/visit.js';
import {
  proveUntainted,
  type Tried,
  WorthTrying,
} from '../../../../harness/campaign/audit/untainted.js';
import { GuestNumbers, type MadeVisit } from '../../../../harness/campaign/audit/visit-once.js';
import type { VisitRig } from '../../../../harness/campaign/audit/visit-rig.js';
import type { Observation } from '../../../../harness/model/audit.js';
import type { GuestVisit } from '../../../../harness/rig/audit-guest.js';
import { observed, visitOf } from '../../../support/audit.js';
import { captured } from '../../audit/live/support.js';

const modules = mkdtempSync(path.join(tmpdir(), 'dmrace-untainted-'));
afterAll(() => rmSync(modules, { recursive: true }));

const sections = JSON.parse(
  readFileSync(
    new URL('../../../fixtures/audit-visits/tun-sections.json', import.meta.url),
    'utf8',
  ),
) as ModuleSection[];

const QUIET: GuestVisit = { records: [], console: '', lost: null, spoiled: false, durationMs: 1 };
const { records, console: text, lost } = captured('tun-untainted');
/** It was visit 1 of its guest, and is the first of ours. */
const CRASH: GuestVisit = {
  records: records.map((record) => ('visit' in record ? { ...record, visit: 0 } : record)),
  console: text.replaceAll(/dmrace: (\w+) 1\b/g, 'dmrace: $1 0'),
  ...{ lost, spoiled: true, durationMs: 1 },
};

/**
 * Fresh guests that crash in the tries that are named, by module and number from 1. No visit ends
 * before `together` guests were there at the same time.
 */
function rigOf(crashes: (module: string, attempt: number) => boolean, together = 1) {
  const tried: string[] = [];
  let open = 0;
  let most = 0;
  let meet = (): void => undefined;
  const met = new Promise<void>((resolve) => {
    meet = resolve;
  });
  const rig: VisitRig = {
    kernel: { config: new Map(), modules },
    files: { read: async () => undefined, sectionsOf: () => sections },
    start: async (kind) => {
      expect(kind).toBe('bare');
      most = Math.max(most, ++open);
      if (most >= together) meet();
      return {
        visit: async ({ module, fifo, delay }) => {
          expect({ fifo, delay }).toEqual({ fifo: true, delay: false });
          tried.push(module);
          await met;
          return crashes(module, tried.filter((one) => one === module).length) ? CRASH : QUIET;
        },
        [Symbol.asyncDispose]: async () => void open--,
      };
    },
  };
  return { rig, tried, most: () => most, open: () => open };
}

const kernels: Pick<Observation, 'holder'> = { holder: { is: 'kernel', who: 'RCU has it queued' } };
const callback = (module: string, symbol = 'tun_prog_free'): Observation =>
  observed('rcu-callback', 'proven', { module, symbol, ...kernels });
const thread = (module: string): Observation =>
  observed('thread', 'pending', {
    module: 'scsi_mod',
    symbol: 'scsi_error_handler',
    what: module,
    ...kernels,
  });

const output: VisitOutput = {
  guest: 0,
  number: 0,
  records: [],
  console: '',
  lost: null,
  durationMs: 1,
};
const made = (module: string, ...observations: Observation[]): MadeVisit => ({
  wish: { module, exercise: null },
  visit: visitOf(module, observations),
  output,
});

async function prove(
  { rig }: { readonly rig: VisitRig },
  visits: readonly MadeVisit[],
  more: { readonly jobs?: number; readonly tries?: number } = {},
) {
  const worth = new WorthTrying();
  const wanted = visits.flatMap((visit) => worth.take(visit) ?? []);
  const { signal } = new AbortController();
  const options = { tries: 20, jobs: 1, signal, ...more };
  const told: Tried[] = [];
  for await (const one of proveUntainted(rig, wanted, options, new GuestNumbers())) told.push(one);
  return { wanted, told, visits: told.flatMap((one) => (one.is === 'visit' ? [one.visit] : [])) };
}

describe('what is tried on the untouched kernel', () => {
  it('ends with the try that crashes, and says how many it took', async () => {
    const guests = rigOf((_, attempt) => attempt === 3);
    const { told, visits } = await prove(guests, [made('tun', callback('tun'))]);
    expect(guests.tried).toEqual(['tun', 'tun', 'tun']);
    expect(visits).toHaveLength(1);
    expect(visits[0]?.observations).toMatchObject([
      {
        word: 'proven',
        proof: { tainted: false, times: 1, of: 3, place: { symbol: 'tun_prog_free+0x0' } },
      },
    ]);
    // Of the tries the one that proved it is kept.
    expect(told.map((one) => (one.is === 'try' ? one.crashed !== null : one.is))).toEqual([
      false,
      false,
      true,
      'visit',
    ]);
  });

  it('is tried as often as is asked, and is then what it was', async () => {
    const guests = rigOf(() => false);
    const { visits } = await prove(guests, [made('sd_mod', thread('host0'))], { tries: 5 });
    expect(guests.tried).toHaveLength(5);
    expect(visits[0]?.observations).toMatchObject([{ word: 'pending', proof: null }]);
  });

  it('is a finding, by the first visit that showed it, not each module that has it', async () => {
    const guests = rigOf(() => false);
    const visits = ['sd_mod', 'sg', 'sr_mod', 'st'].map((module) => made(module, thread(module)));
    const { wanted } = await prove(guests, visits, { tries: 4 });
    expect(wanted.map((one) => one.made.wish.module)).toEqual(['sd_mod']);
    expect(guests.tried).toEqual(['sd_mod', 'sd_mod', 'sd_mod', 'sd_mod']);
  });

  it('is what is new of a visit that shows a known one too', async () => {
    const guests = rigOf((module) => module === 'b');
    const { wanted, visits } = await prove(
      guests,
      [made('a', thread('x')), made('b', thread('x'), callback('tun'))],
      { tries: 2 },
    );
    expect(wanted.map(({ observations }) => observations.map(({ fault }) => fault))).toEqual([
      ['thread'],
      ['rcu-callback'],
    ]);
    expect(guests.tried).toEqual(['a', 'a', 'b']);
    const [, b] = visits;
    expect(b?.observations.map(({ proof }) => proof?.tainted)).toEqual([undefined, false]);
  });

  it('is nothing of what only somebody who holds a reference can have', async () => {
    const guests = rigOf(() => true);
    const helper = observed('class-release', 'proven', { module: 'tun', symbol: 'c' });
    const { wanted } = await prove(guests, [made('tun', helper)]);
    expect(wanted).toEqual([]);
    expect(guests.tried).toEqual([]);
  });

  it.each([1, 2, 3])(
    'takes %i guests at the same time, and tells every visit once',
    async (jobs) => {
      const guests = rigOf((module, attempt) => module === 'b' && attempt === 2, jobs);
      const { visits, told } = await prove(
        guests,
        [made('a', thread('x')), made('b', callback('tun')), made('c', callback('c', 'c_free'))],
        { jobs, tries: 6 },
      );
      expect(guests.most()).toBe(jobs);
      expect(guests.open()).toBe(0);
      expect(visits.map(({ module }) => module).toSorted()).toEqual(['a', 'b', 'c']);
      const tries = told.filter((one) => one.is === 'try');
      expect(tries).toHaveLength(guests.tried.length);
      // Those that had begun beside the one that crashed count too.
      const proof = visits.find(({ module }) => module === 'b')?.observations[0]?.proof;
      expect(proof?.tainted).toBe(false);
      expect(proof?.of).toBe(guests.tried.filter((module) => module === 'b').length);
      expect(proof?.of).toBeLessThanOrEqual(2 + jobs);
    },
  );

  it('ends its guests when nobody listens any more', async () => {
    const guests = rigOf(() => false);
    const worth = new WorthTrying();
    const wanted = worth.take(made('sd_mod', thread('x')));
    const { signal } = new AbortController();
    const options = { tries: 20, jobs: 2, signal };
    for await (const _ of proveUntainted(
      guests.rig,
      wanted ? [wanted] : [],
      options,
      new GuestNumbers(),
    ))
      break;
    expect(guests.open()).toBe(0);
    expect(guests.tried.length).toBeLessThanOrEqual(4);
  });
});
