// SPDX-License-Identifier: MIT

import { names } from './words.js';

/** Giving up the CPU and waiting: kernel/sched, mm/filemap.c's page waits. */
export const WAITING = names`
  schedule schedule_(timeout|preempt|hrtimeout|idle|user|debug|rtlock|bug|loop)* sched_text_start
  preempt_schedule* preempt_(enable|disable|count)* io_schedule* cond_resched* *cond_resched
  context_switch switch_to* finish_task_switch* do_sched_yield
  wait_for_(common|completion)* do_wait_for_common swait_* bit_wait* *wait_on_(bit|page|folio)*
  out_of_line_wait_* wait_woken folio_(wait|wake)*
  usleep_range* msleep* fsleep kthread_(stop|park|should_stop|should_park|parkme|unpark|flush)*
  kernel_fpu_*
`;

/**
 * For tasks that hang: all that is in one way or another the waiting itself, by how the kernel names
 * it. A task that waits for a lock hangs in the one that wanted it, and one that waits for its work to
 * end in the one that wanted it flushed. The RTNL and a grace period are what everybody waits for:
 * those keep their names.
 */
export const HANGING = names`
  *_wait *fdatawait* *_wait_(?!queue_me)* wait_* *completion* *_schedule* *flush_(work|workqueue|delayed_work|scheduled_work)*
  start_flush_work (drain|destroy)_workqueue *cancel_(delayed_)?work* kthread_* thread_return exit_to_user*
  synchronize_rcu_expedited_wait* synchronize_(?!rcu|sched|srcu|net)* rcu_barrier* prepare_to_* finish_wait rwsem_*
  (?!rtnl_lock(_killable|_interruptible)?$)*_lock* *_slowlock* *_slowpath* *down* ktime_get* *sched_clock*
`;

/** For RCU: functions with it in their name rely on their caller's read-side critical section. */
export const RCU_READERS = names`
  *rcu* *kmem* *slab*
`;

/** For memory that leaks: whoever is named after allocating it does so for a caller. */
export const ALLOCATING = names`
  *alloc* *strn?dup* *memdup* *asprintf* *kmem* *slab* idr_get* list_lru_init* create_object* new_inode
  mmap_region do_mmap vm_mmap*
`;

/** For locks: the lock that stands for a work item or its queue; kernel/workqueue.c. */
export const WORK_LOCKS = names`
  (flush|drain|destroy)_workqueue flush_scheduled_work process_one_work process_scheduled_works
  worker_thread kthread
`;
