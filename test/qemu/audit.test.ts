// SPDX-License-Identifier: MIT
// The live part of the audit in real guests: every planted mistake is found, every twin is silent,
// tun's RCU callback is found and proven; and what --known and --baseline make of the same visits.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditWith } from '../../harness/campaign/audit/audit.js';
import { auditLive, type GuestKernel, guestKernel } from '../../harness/campaign/audit/live.js';
import { MISTAKES } from '../../harness/campaign/audit/planted.js';
import type { LiveEvent } from '../../harness/campaign/audit/ports.js';
import { openWork } from '../../harness/campaign/set-up.js';
import type { PlantedVisit, Visit } from '../../harness/model/audit.js';
import { ExerciseFile } from '../../harness/model/exercise.js';
import type { KnownAudit } from '../../harness/model/known.js';
import type { Stages } from '../../harness/ports.js';
import { guestArch } from '../../harness/rig/guest-arch.js';
import { readBaseline } from '../../harness/runs/audit/saved-audit.js';
import type { Work } from '../../harness/util/work.js';

const KERNEL = 'debian:6.12';
const quiet: Stages = { stage: (_, work) => work(() => undefined), timing: {} };

/** A tun device with a steering program, closed: what frees the program is called by RCU. */
const STEERED = `perl -e '
  use POSIX;
  sysopen(F, "/dev/net/tun", 2) or die "tun: $!";
  my $ifr = pack("a16 s x22", "dmr0", 0x1001);
  ioctl(F, 0x400454ca, $ifr) or die "TUNSETIFF: $!";
  my $insns = pack("CCsl CCsl", 0xb7, 0, 0, 0, 0x95, 0, 0, 0);
  my $licence = "GPL\\0";
  my $attr = pack("LLPPLLQLLx64", 1, 2, $insns, $licence, 0, 0, 0, 0, 0);
  my $bpf = ((uname())[4] eq "aarch64") ? 280 : 321;
  my $fd = syscall($bpf, 5, $attr, length $attr);
  die "bpf: $!" if $fd < 0;
  ioctl(F, 0x800454e0, pack("i", $fd)) or die "TUNSETSTEERINGEBPF: $!";'`;

const exercise = (fields: object) => {
  const file = ExerciseFile.parse({ title: 'test', ...fields });
  return { module: file.module, exercise: { ...file, name: file.module, family: 'test' } };
};

const WANTED = [
  exercise({
    module: 'tun',
    create: STEERED,
    destroy: STEERED,
    appears: { callback: 'tun_prog_free' },
  }),
  exercise({
    module: 'act_pedit',
    create: 'tc actions add action pedit ex munge ip ttl set 5 pipe index 1',
    destroy: 'tc actions del action pedit index 1',
  }),
  exercise({ module: 'brd', parameters: 'rd_nr=1', appears: { object: 'block/ram0' } }),
  exercise({ module: 'i2c_stub', parameters: 'chip_addr=0x10' }),
];

describe('the live part of the audit on a stock kernel', () => {
  const planted: PlantedVisit[] = [];
  const visits = new Map<string, Visit>();
  const events: LiveEvent[] = [];
  let work: Work;
  let kernel: GuestKernel;
  beforeAll(async () => {
    const signal = new AbortController().signal;
    work = await openWork(guestArch(), signal);
    const wantedKernel = { spec: KERNEL, build: { profiles: [], config: null } } as const;
    const asked = { kernel: wantedKernel, accel: 'tcg', ownModules: [] } as const;
    kernel = await guestKernel(work, asked, quiet);
    const request = { kernel, visits: WANTED, firstGuest: 0, jobs: 1, untaintedTries: 0 };
    for await (const event of auditLive(work, request)) {
      events.push(event);
      if (event.is === 'planted') planted.push(event.planted);
      if (event.is === 'visit') visits.set(event.visit.module, event.visit);
    }
  }, 600_000);

  it.each(MISTAKES)('finds the planted mistake %s, and nothing in its twin', (mistake) => {
    const of = (twin: boolean): Visit | undefined =>
      planted.find((one) => one.mistake === mistake && one.twin === twin)?.visit;
    expect(of(true)).toMatchObject({ end: { is: 'unloaded' }, observations: [] });
    const [found, ...more] = of(false)?.observations ?? [];
    expect(found).toMatchObject({ fault: mistake, place: { module: 'dmrace_mistake' } });
    expect(more).toEqual([]);
    // Its memory is gone, so nothing can be dropped without another crash than its own.
    expect(found?.word).toBe(mistake === 'object-in-module' ? 'reachable' : 'proven');
    if (found?.word === 'proven') {
      expect(found.proof?.finding.touched).toMatchObject({ is: 'gone', module: 'dmrace_mistake' });
    }
  });

  it('proves that tun’s callback is called after the unload', () => {
    expect(visits.get('tun')?.end).toEqual({ is: 'unloaded' });
    expect(visits.get('tun')?.observations).toMatchObject([
      {
        fault: 'rcu-callback',
        word: 'proven',
        what: 'tun_prog_free',
        holder: { is: 'kernel' },
        proof: { tainted: true, place: { module: 'tun', symbol: 'tun_prog_free+0x0' } },
      },
    ]);
  });

  it('says nothing of a module that waits for its callbacks', () => {
    expect(visits.get('act_pedit')).toMatchObject({ end: { is: 'unloaded' }, observations: [] });
  });

  it('proves that disk_release() reads brd’s operations', () => {
    const found = visits.get('brd')?.observations.find(({ fault }) => fault === 'disk-fops');
    expect(found).toMatchObject({
      word: 'proven',
      proof: { finding: { function: 'disk_release' }, place: { module: 'brd' } },
    });
  });

  it('tells a module whose unload waits', () => {
    expect(visits.get('i2c_stub')?.end).toEqual({ is: 'waited' });
  });

  describe('compared', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'dmrace-compared-'));
    afterAll(() => rmSync(folder, { recursive: true }));
    let count = 0;

    /** An audit of the visits above; of the modules in `silent` nothing is told. */
    const audit = async (
      options: { readonly known?: readonly KnownAudit[]; readonly baseline?: string } = {},
      silent: readonly string[] = [],
    ) => {
      const seen = (event: LiveEvent): LiveEvent =>
        event.is === 'visit' && silent.includes(event.visit.module)
          ? { ...event, visit: { ...event.visit, observations: [] } }
          : event;
      const out = path.join(folder, `audit-${count++}`);
      const request = {
        ...{ kernel: KERNEL, build: { profiles: [], config: null }, arch: guestArch() },
        ...{ static: false, live: true, all: false, modules: [], exerciseFiles: [] },
        ...{ moduleFiles: [], jobs: 1, accel: 'tcg' as const, patience: 1, shard: null, out },
        known: options.known ?? null,
        baseline: options.baseline === undefined ? null : await readBaseline(options.baseline),
      } as const;
      const parts = {
        kernel: async () => kernel,
        exercises: {
          shipped: async () => WANTED.map((wish) => wish.exercise),
          own: () => Promise.reject(new Error('none is given')),
        },
        static: () => Promise.reject(new Error('the files are not asked')),
        async *live() {
          yield* events.map(seen);
        },
      };
      const { result } = await auditWith(work, request, parts, { stages: quiet, resumed: null });
      return { out, exitCode: result.exitCode, reasons: result.reasons.join('\n'), result };
    };

    it('with known findings ends with 0, and tells the entry that was not seen', async () => {
      const first = await audit();
      expect(first.exitCode).toBe(1);
      const ids = first.result.findings
        .filter(({ word }) => word === 'proven' || word === 'reachable')
        .map(({ id }) => id);
      expect(ids).toEqual(expect.arrayContaining(['rcu-callback:tun:tun_prog_free']));
      const entries = (findings: readonly string[]): KnownAudit[] =>
        [...findings, 'ktype:act_pedit:pedit_ktype'].map((finding) => ({
          ...{ finding, kernel: { from: null, to: null }, reference: 'https://example.org/1' },
        }));
      const all = await audit({ known: entries(ids) });
      expect(all.exitCode).toBe(0);
      expect(all.reasons).toMatch(/stale: ktype:act_pedit:pedit_ktype/);
      expect((await audit({ known: entries(ids.slice(1)) })).exitCode).toBe(1);
    });

    it('with a baseline ends with 1 for what is new alone, and tells what is gone', async () => {
      const before = await audit();
      const same = await audit({ baseline: before.out });
      expect(same.exitCode).toBe(0);
      expect(same.reasons).not.toMatch(/new since|gone since/);
      const less = await audit({ baseline: before.out }, ['brd']);
      expect(less.exitCode).toBe(0);
      expect(less.reasons).toMatch(/gone since the baseline .*: disk-fops:disk_release in brd/);
      const more = await audit({ baseline: less.out });
      expect(more.exitCode).toBe(1);
      expect(more.reasons).toMatch(/new since the baseline .*: disk-fops:disk_release in brd/);
    });
  });
});
