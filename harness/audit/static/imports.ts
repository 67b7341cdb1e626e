// SPDX-License-Identifier: MIT
import type { StaticSign } from '../../model/audit.js';

/** A sign among the imports. */
export type ImportSign = Extract<StaticSign, { is: 'import' }>;

/** What a module imports says that it starts something, and nothing says that it waits for it. */
interface ImportRule {
  readonly sign: ImportSign['sign'];
  /** Functions that start it, under the names of all kernels. */
  readonly starts: readonly string[];
  /** Functions of which one is enough: they wait until it has ended. */
  readonly waits: readonly string[];
  /** Functions of which one must be imported too for the sign to count. */
  readonly and?: readonly string[];
  /** Whose callers have one of `starts` by what is inlined into them: then it need not be their own. */
  readonly inlined?: readonly string[];
}

/**
 * Functions outside a module that call rcu_barrier() on its behalf when it unregisters. Read in
 * linux 6.1 and 6.12, each with its file; that the callback was queued before is taken for granted.
 */
const BARRIER_WITHIN = [
  // free_exit_list() and ops_exit_list() run behind rcu_barrier(): net/core/net_namespace.c
  'unregister_pernet_subsys',
  'unregister_pernet_device',
  // tcf_unregister_action() calls unregister_pernet_subsys(): net/sched/act_api.c
  'tcf_unregister_action',
  // drivers/target/target_core_configfs.c, target_core_hba.c
  'target_unregister_template',
  'transport_backend_unregister',
  'target_backend_unregister',
  // block/elevator.c
  'elv_unregister',
  // scsi_host_dev_release(), drivers/scsi/hosts.c
  'scsi_host_put',
] as const;

const TIMER_GONE = ['del_timer_sync', 'timer_delete_sync', 'timer_shutdown_sync'];
const TIMER_OFF = ['del_timer', 'timer_delete', 'try_to_del_timer_sync', 'timer_shutdown'];
const TIMER_ON = [
  ...['add_timer', 'add_timer_on', 'add_timer_local', 'add_timer_global'],
  ...['mod_timer', 'timer_reduce', 'mod_timer_pending'],
];

/** The signs, each a question about names alone. Sources: linux 6.1 to 7.3. */
export const IMPORT_RULES: readonly ImportRule[] = [
  {
    sign: 'call-rcu-without-barrier',
    starts: ['call_rcu', 'call_rcu_hurry', 'call_rcu_bh', 'call_rcu_sched'],
    waits: ['rcu_barrier', 'rcu_barrier_bh', 'rcu_barrier_sched', ...BARRIER_WITHIN],
  },
  { sign: 'call-rcu-without-barrier', starts: ['call_srcu'], waits: ['srcu_barrier'] },
  { sign: 'call-rcu-without-barrier', starts: ['call_rcu_tasks'], waits: ['rcu_barrier_tasks'] },
  {
    sign: 'call-rcu-without-barrier',
    starts: ['call_rcu_tasks_trace'],
    waits: ['rcu_barrier_tasks_trace'],
  },
  // Who never arms one takes away another module's, which waits for it.
  { sign: 'timer-without-sync', starts: TIMER_OFF, and: TIMER_ON, waits: TIMER_GONE },
  { sign: 'timer-never-deleted', starts: TIMER_ON, waits: [...TIMER_OFF, ...TIMER_GONE] },
  {
    sign: 'work-without-flush',
    starts: ['queue_work_on', 'queue_delayed_work_on', 'mod_delayed_work_on', 'queue_work_node'],
    and: [
      ...['system_wq', 'system_highpri_wq', 'system_long_wq', 'system_unbound_wq'],
      ...[
        'system_freezable_wq',
        'system_power_efficient_wq',
        'system_freezable_power_efficient_wq',
      ],
      ...['system_percpu_wq', 'system_dfl_wq', 'system_bh_wq', 'system_bh_highpri_wq'],
    ],
    waits: [
      ...['flush_work', 'flush_delayed_work', 'flush_rcu_work', '__flush_workqueue'],
      ...['flush_workqueue', 'flush_scheduled_work', 'drain_workqueue', 'destroy_workqueue'],
      ...['cancel_work_sync', 'cancel_delayed_work_sync', '__cancel_work_sync'],
      ...['disable_work_sync', 'disable_delayed_work_sync'],
    ],
    // __rhashtable_insert_fast() queues the table's work (include/linux/rhashtable.h), which is
    // lib/rhashtable.c's and is waited for by rhashtable_free_and_destroy().
    inlined: ['rhashtable_insert_slow'],
  },
  {
    sign: 'thread-without-stop',
    starts: ['kthread_create_on_node', 'kthread_create_on_cpu'],
    waits: [
      ...['kthread_stop', 'kthread_stop_put', 'kthread_destroy_worker'],
      ...['__module_put_and_kthread_exit', 'module_put_and_kthread_exit'],
      ...['kthread_complete_and_exit', 'complete_and_exit', '__module_put_and_exit'],
    ],
  },
  {
    sign: 'hrtimer-without-cancel',
    starts: ['hrtimer_start_range_ns'],
    waits: ['hrtimer_cancel'],
  },
];

/** The signs among the names that a module imports. One sign is told once. */
export function importSigns(imports: ReadonlySet<string>): ImportSign[] {
  const any = (names: readonly string[]): string | undefined =>
    names.find((name) => imports.has(name));
  const told = new Set<ImportSign['sign']>();
  return IMPORT_RULES.flatMap(({ sign, starts, waits, and, inlined = [] }): ImportSign[] => {
    const symbol = any(starts);
    if (symbol === undefined || any(waits) !== undefined || told.has(sign)) return [];
    if (and !== undefined && any(and) === undefined) return [];
    if (any(inlined) !== undefined) return [];
    told.add(sign);
    return [{ is: 'import', word: 'hint', sign, symbol }];
  });
}
