// SPDX-License-Identifier: MIT
// The live part of the audit in real guests: every planted mistake is found, every twin is silent,
// and tun's RCU callback is found and proven.
import { beforeAll, describe, expect, it } from 'vitest';
import { auditLive, guestKernel } from '../../harness/campaign/audit/live.js';
import { MISTAKES } from '../../harness/campaign/audit/planted.js';
import { openWork } from '../../harness/campaign/set-up.js';
import type { PlantedVisit, Visit } from '../../harness/model/audit.js';
import { ExerciseFile } from '../../harness/model/exercise.js';
import type { Stages } from '../../harness/ports.js';
import { guestArch } from '../../harness/rig/guest-arch.js';

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

describe('the live part of the audit on a stock kernel', () => {
  const planted: PlantedVisit[] = [];
  const visits = new Map<string, Visit>();
  beforeAll(async () => {
    const signal = new AbortController().signal;
    const work = await openWork(guestArch(), signal);
    const wantedKernel = { spec: KERNEL, build: { profiles: [], config: null } } as const;
    const asked = { kernel: wantedKernel, accel: 'tcg', ownModules: [] } as const;
    const kernel = await guestKernel(work, asked, quiet);
    const wanted = [
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
    const request = { kernel, visits: wanted, firstGuest: 0, jobs: 1, untaintedTries: 0 };
    for await (const event of auditLive(work, request)) {
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
});
