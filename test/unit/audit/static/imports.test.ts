// SPDX-License-Identifier: MIT
import { describe, expect, it } from 'vitest';
import { IMPORT_RULES, importSigns } from '../../../../harness/audit/static/imports.js';

const of = (...names: string[]) => importSigns(new Set(names)).map(({ sign }) => sign);

describe.each(IMPORT_RULES)(
  '$sign of $starts.0',
  ({ sign, starts, waits, and = [], inlined = [] }) => {
    const [start = ''] = starts;
    const needed = and.slice(0, 1);

    it('is told once where nothing that waits is imported', () => {
      expect(of(start, ...needed)).toContain(sign);
      expect(of(...starts, ...needed).filter((one) => one === sign)).toHaveLength(1);
    });

    it('is silent with each function that waits', () => {
      for (const wait of waits) expect(of(start, ...needed, wait)).not.toContain(sign);
    });

    it('is silent where it is inlined into the callers of another function', () => {
      for (const name of inlined) expect(of(start, ...needed, name)).not.toContain(sign);
    });

    it('is silent without its function', () => {
      expect(of(...needed, 'printk')).not.toContain(sign);
      if (and.length > 0) expect(of(start)).not.toContain(sign);
    });
  },
);

describe('importSigns', () => {
  // Imports of Debian's 6.1.192, cut to what the rules ask for.
  it('is silent for hfcmulti, mwifiex_pcie and pm80xx, which arm no timer of their own', () => {
    expect(of('timer_delete')).toEqual([]);
    expect(of('timer_delete', 'add_timer')).toEqual(['timer-without-sync']);
  });

  it('is silent for vxlan, ila and sctp, whose work is the hash table’s', () => {
    const own = ['queue_work_on', 'system_wq'];
    expect(of(...own)).toEqual(['work-without-flush']);
    expect(of(...own, 'rhashtable_insert_slow')).toEqual([]);
  });

  // Imports of Debian's 6.12.117, cut to what the rules ask for.
  it('names tun and sch_taprio, and is silent for act_pedit, whose barrier is its callee’s', () => {
    const told = importSigns(
      new Set(['call_rcu', 'rtnl_link_unregister', 'unregister_netdevice_queue']),
    );
    expect(told).toEqual([
      { is: 'import', word: 'hint', sign: 'call-rcu-without-barrier', symbol: 'call_rcu' },
    ]);
    expect(of('call_rcu', 'hrtimer_start_range_ns', 'hrtimer_cancel')).toEqual([
      'call-rcu-without-barrier',
    ]);
    expect(of('call_rcu', 'tcf_unregister_action')).toEqual([]);
  });
});
