// SPDX-License-Identifier: MIT

import { names } from './words.js';

/** kernel/locking, include/linux/spinlock*.h, the architectures' own locks. */
export const LOCKING = names`
  (do_)?raw_(spin|read|write)_* (rt_|arch_|bit_)?(spin|read|write)_(lock|unlock|trylock|can_lock|is_locked)*
  spin_(dump|bug|lock*|acquire|release) rwlock_bug debug_(spin|write|read|mutex|rt_mutex)_*
  (native_|pv_|paravirt_|arch_)?queued_* *queued_(spin|read|write)_* *(lock|mutex|rwsem|sem|down|up)*_slowpath
  (ww_|rt_|rtlock_)?mutex_* ww_(mutex|acquire)* rt_mutex* rtlock_* task_blocks_on_rt_mutex
  *_(down|up)_(read|write)* *_(read|write)_(un)?lock* down down_(trylock|read|write|interruptible|killable|timeout|common)* up up_(read|write)* rwsem_* osq_*
  call_rwsem_* percpu_(down|up|rwsem)* (task_)?rq_lock* raw_spin_rq_* double_rq_lock double_lock_balance
  (read|write)_seq* do_(read|write)_seqcount_* seqcount_* cpus_(read|write)_* bh_lock_sock* local_bh_* rtnl_trylock?_bug
  (inode|device)_(lock|unlock|trylock)* mmap_(read|write)_(lock|unlock|trylock)* i_mmap_(lock|unlock|trylock)_*
  filemap_invalidate_(lock|unlock)* class_*_(constructor|destructor)
  local_(try)?lock_* rwbase_* context_lock_* init_rwsem downgrade_write percpu_(init|free)_rwsem percpu_is_* rtmutex_spin* remove_waiter mark_wakeup_*
  (un)?lock_page(?!_memcg)* (un|try)?lock_buffer folio_(un)?lock* folio_trylock* (un)?lock_folio* pv_(wait|hash|kick|hybrid|unhash)*
`;

/**
 * Allocators below the slabs (mm/percpu.c, vmalloc.c, page_alloc.c) and those who register with a lock of
 * their own around it (fs/kernfs, drivers/usb/core/file.c). What they lock is theirs; what is
 * locked in kmalloc() and above stands for reclaim, which is the caller's matter.
 */
export const LOCK_OWNERS = names`
  pcpu_* *vmap_area* get_page_from_freelist rmqueue* free_(pcppages|one_page|frozen|unref)*
  kernfs_* usb_(de)?register_dev get_(any_)?partial* do_(user|kern)_addr_fault do_page_fault exc_page_fault
`;

/** The lock of a socket: net/core/sock.c. Where the socket's memory is bad it is named, as a lock it is not. */
export const SOCKET_LOCK = names`
  lock_sock* release_sock*
`;

/** kernel/locking/lockdep.c. */
export const LOCKDEP_MACHINERY = names`
  lock_(acquire|release|acquired|contended|is_held|downgrade|repin|pin|unpin|cookie|set_class|map)*
  lock_is_held* mark_(lock|usage|held_locks|irqflags)* valid_state validate_chain add_lock_to_list
  check_(noncircular|prev_add|prevs_add|deadlock|path|usage|irq_usage|wait_context|chain_key|flags)*
  check_(redundant|same|bfs|unsafe|unlock)* (un)?register_lock_class find_(held_lock|usage_*)
  (debug_)?lockdep_* look_up_lock_class hlock_* graph_(lock|unlock) debug_show_* zap_class bfs
  assign_lock_key usage_(match|accumulate) reacquire_held_locks lookup_chain_cache* match_held_lock
  lock_release_nested alloc_(list|chain)_*
`;

/** kernel/rcu: readers and the checks of them. */
export const RCU = names`
  (init|destroy)_rcu_head* srcu_(lock|up|down)_* rcu_read_*lock* srcu_read_* rcu_lock_* rcu_is_* rcu_note_* rcu_lockdep_* rcu_dynticks_* wait_rcu_gp*
  rcu_nmi_* rcu_irq_* rcu_preempt_deferred* rcu_(eqs|user|idle)_* ct_(nmi|irq|idle|user|kernel)_*
  call_rcu* kvfree_call_rcu wait_rcu_exp_gp exp_funnel_lock rcu_exp_(sel|wait|handler|gp)* sync_rcu_exp*
  synchronize_rcu_expedited_* context_tracking_*
`;
