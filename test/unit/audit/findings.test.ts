// SPDX-License-Identifier: MIT
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findingsOf } from '../../../harness/audit/findings.js';
import type { AuditEvidence, Observation, Visit } from '../../../harness/model/audit.js';
import { EVIDENCE, observed, proofOf, visitOf } from '../../support/audit.js';

const of = (visits: readonly Visit[], more: Partial<AuditEvidence> = {}) =>
  findingsOf({ static: null, visits, planted: [], ...more }, '6.12.117');
const seen = (module: string, one: Observation): Visit => visitOf(module, [one]);

describe('findings of an audit', () => {
  it('are grouped by what is at fault, surest first', () => {
    const found = findingsOf(EVIDENCE, '6.12.117');
    expect(found.map(({ id, word, modules }) => [id, word, modules.map((m) => m.module)])).toEqual([
      ['class-release:class_release', 'proven', ['brd_class_a', 'ublk_drv']],
      ['rcu-callback:tun:tun_prog_free', 'proven', ['tun']],
      ['ktype:edd:edd_release', 'listed', ['edd']],
    ]);
  });

  it('of a core function that 75 modules share are one with 75 modules', () => {
    const modules = Array.from({ length: 75 }, (_, i) => `m${i}`);
    const found = of(
      modules.map((module) =>
        seen(module, observed('class-release', 'proven', { module, symbol: `${module}_class` })),
      ),
    );
    expect(found).toHaveLength(1);
    expect(found[0]?.modules).toHaveLength(75);
  });

  it('of one method that several modules lead to are one, blamed on the module that it lies in', () => {
    const [first, ...rest] = of(
      ['vgem', 'vkms'].map((module) =>
        seen(
          module,
          observed('device-release', 'reachable', { module: 'drm', symbol: 'drm_sysfs_release' }),
        ),
      ),
    );
    expect(rest).toEqual([]);
    expect(first).toMatchObject({ id: 'device-release:drm:drm_sysfs_release', module: 'drm' });
    expect(first?.modules.map(({ module }) => module)).toEqual(['vgem', 'vkms']);
  });

  it('are proven by a crash only', () => {
    const [one] = of([
      seen('tun', observed('rcu-callback', 'proven', { module: 'tun', symbol: 'f', proof: null })),
    ]);
    expect(one).toMatchObject({ word: 'reachable', proof: null, address: null });
  });

  it('are not proven by a proof that never crashed', () => {
    const proof = proofOf('tun', 'f', { times: 0, of: 20 });
    const [one] = of([
      seen('tun', observed('rcu-callback', 'proven', { module: 'tun', symbol: 'f', proof })),
    ]);
    expect(one?.word).toBe('reachable');
  });

  it('tell the proof on the untouched kernel before one that crashed more often', () => {
    const helped = proofOf('tun', 'f', { times: 9, of: 9 });
    const untainted = proofOf('tun', 'f', { tainted: false, times: 1, of: 20 });
    const [one] = of(
      [helped, untainted].map((proof) =>
        seen('tun', observed('rcu-callback', 'proven', { module: 'tun', symbol: 'f', proof })),
      ),
    );
    expect(one?.proof).toEqual(untainted);
    expect(one?.modules[0]).toMatchObject({
      helped: { times: 9, of: 9 },
      untainted: { times: 1, of: 20 },
      seen: { times: 2, of: 2 },
    });
  });

  it('count in how many visits of a module they were seen', () => {
    const one = observed('work', 'pending', { module: 'a', symbol: 'f' });
    const found = of([seen('a', one), visitOf('a'), visitOf('b')]);
    expect(found[0]?.modules[0]?.seen).toEqual({ times: 1, of: 2 });
  });

  it('have what the file says of the same, and hints of their own elsewhere', () => {
    const [tun] = findingsOf(EVIDENCE, '6.12.117').filter(({ module }) => module === 'tun');
    expect(tun?.modules[0]?.signs).toEqual(['call-rcu-without-barrier (call_rcu)']);
    const alone = of([], { static: EVIDENCE.static });
    expect(alone.map(({ id, word }) => [id, word])).toEqual([
      ['ktype:edd:edd_release', 'listed'],
      ['rcu-callback:tun', 'hint'],
    ]);
  });

  it('name the address, who holds what, and the page that asks for better', () => {
    const tun = findingsOf(EVIDENCE, '6.12.117').find(({ module }) => module === 'tun');
    expect(tun).toMatchObject({
      title: 'rcu_do_batch() calls an RCU callback in the unloaded module (tun_prog_free of tun)',
      address: 'tun_prog_free+0x0 [unloaded tun]',
      needs:
        'the kernel itself keeps the callback queued past the unload: call_rcu() queued it, rcu_do_batch() runs it',
      documentation: { file: 'Documentation/RCU/rcubarrier.rst' },
      kernels: ['6.12.117'],
    });
  });

  it('have identifiers that know no order, no offset and no compiler’s suffix', () => {
    const visits = EVIDENCE.visits;
    const ids = (list: readonly Visit[]) =>
      of(list)
        .map(({ id }) => id)
        .sort();
    fc.assert(
      fc.property(fc.shuffledSubarray([...visits], { minLength: visits.length }), (shuffled) => {
        expect(ids(shuffled)).toEqual(ids(visits));
      }),
    );
    const idOf = (symbol: string): string | undefined =>
      of([
        seen('a', {
          ...observed('timer', 'pending', { module: 'a', symbol: 'f' }),
          place: { module: 'a', offset: 4, symbol },
        }),
      ])[0]?.id;
    for (const symbol of [
      'f+0x0',
      'f+0x10/0x20',
      'f.isra.0+0x0',
      'f.cold',
      'f.constprop.0.isra.1',
    ]) {
      expect(idOf(symbol)).toBe('timer:a:f');
    }
  });
});
