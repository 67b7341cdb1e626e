// SPDX-License-Identifier: MIT

import { names } from './words.js';

/**
 * Work queues and timers: kernel/workqueue.c, kernel/time. They act on a work item or a timer that
 * their caller owns; a bad one is the caller's.
 */
export const DEFERRED = names`
  (start_)?flush_(work|workqueue|delayed_work|rcu_work|scheduled_work|workqueue_prep_pwqs)
  (drain|destroy)_workqueue cancel_(delayed_)?work* try_to_grab_pending work_grab_pending queue_(delayed_)?work*
  *_(queue|flush|cancel)_(delayed_)?work(_on|_sync)? *_(mod|del|add)_timer(_sync)? insert_work insert_wq_barrier get_work_* touch_w(q|ork)_lockdep_map
  (try_to_)?del_timer* try_to_del_timer* timer_(delete|shutdown|reduce|fixup|is)*
  (lock|get)_timer_base* lock_hrtimer_base* detach_(if_pending|timer|expired_timer)
  internal_add_timer (process|remove)_(timer|hrtimer)*
  call_timer_fn kthread_(queue|mod|cancel|insert|destroy)_* irq_work_(queue|sync)*
  (forward|get)_(timer|target)_base* get_timer_*base calc_(wheel_)?index migrate_timer_list trigger_dyntick_cpu
  hrtimer_(reprogram|force_reprogram|setup|update|next)* (switch|unlock)_hrtimer_base remove_and_enqueue_same_base
  check_flush_dependency move_linked_works find_worker_executing_work clear_pending_if_disabled
  tasklet_(schedule|hi_schedule|kill|unlock|setup|init|disable|enable)* raise_softirq*
`;

/** Wait queues: kernel/sched/wait.c, completion.c. The queue is the caller's. */
export const WAKING = names`
  prepare_to_wait* finish_wait init_wait* wake_up (wake_up_|wake_up)(common|bit|all|locked|sync|var|poll|pollfree|interruptible|q|atomic)*
  complete complete_with_flags autoremove_wake_function default_wake_function
  woken_wake_function wake_(bit|page|atomic_t|var)_function wake_up_(process|state) swake_up* init_swait* try_wait_for_completion finish_swait prepare_to_swait* ldsem_*
`;
