// SPDX-License-Identifier: MIT

import { names } from './words.js';

/** mm/kasan, mm/kmsan, kernel/kcsan, mm/kfence, lib/ubsan.c and the compilers' calls into them. */
export const SANITIZERS = names`
  (k?asan|hwasan|k?msan|kcsan|tsan|kfence|ubsan|sanitizer)_* check_memory_region*
  memory_is_* bytes_is_nonzero check_region_inline check_access find_watchpoint setup_watchpoint start_report end_report
  assign_(chain|*_meta*) instrument_* instrumentation_* val_to_string handle_overflow
  delete_object* paint_(it|ptr) make_(gray|black)_object kmemleak_* create_object* stackleak_* stack_chk_fail read_word_at_a_time read_once*
  (un)?poison_slab_object check_page_allocation (check|set|for_each)_canary* rcu_guarded_free
  (get|put|link|remove|alloc|free)_object(_rcu)? find_and_(get|remove)_object scan_(block|gray_list|large_block|object)
`;

/** lib/stackdepot.c, kernel/stacktrace.c and what walks the stack for it. */
export const STACKDEPOT = names`
  save_stack* stack_trace_* arch_stack_walk* walk_stackframe unwind_backtrace
  set_track* track_stack* save_trace dump_trace *kernel_text_address filter_irq_stacks
`;

/** lib/debugobjects.c and its users, mm/slub.c's checks, mm/usercopy.c, lib/fault-inject.c. */
export const CHECKS = names`
  debug_(print|check|object|objects|timer|hrtimer|work|rcu_head)_* lookup_object* debug_*_activate
  debug_*_deactivate (object|slab)_err object_*_err check_(slab|object|pad*|valid_pointer)
  slab_(bug|fix|pad_check) on_freelist check_bytes_and_report (free|alloc)_debug_processing
  (free|alloc)_consistency_checks free_to_partial_list print_(tracking|section|track|page_info)
  usercopy_(abort|warn) report_usercopy copy_overflow check_(heap_object|stack_object|object_size)
  check_(bogus_address|kernel_text_object|page_span) fortify_*
  should_fail* fail_dump debug_smp_processor_id check_preemption_disabled this_cpu_preempt_check
  refcount_warn* ref_tracker_*
  fill_pool* pool_(move|pop|push)_batch free_object_list kmem_alloc_batch is_static_object
  *_is_static_object *_fixup_(init|activate|free|assert_init|destroy) *_debug_hint stub_timer
`;
