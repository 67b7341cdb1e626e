// SPDX-License-Identifier: GPL-2.0-only

import { names } from './words.js';

/**
 * Small data structures that only work on what they are given: lists, red-black trees, bits and
 * counters. Not the big ones (xarray, maple tree, rhashtable, idr): those have bugs of their own,
 * and a crash in them is known by their name.
 */
export const STRUCTURES = names`
  (h|hlist_)?list_(add|del|move|splice|replace|lru|bl|nulls|unhashed|empty|is)* hlist_* (p|k|l)list_*
  rb_(insert|erase|next|prev|first|last|replace|link|add|find)* rb_erase rb_next rb_prev rb_first rb_last
  timerqueue_* find_(first|next|last|nth)_*bit* bitmap_(?!ip|port)* bitmap_weight*
  (arch|generic|const|constant|variable)_*(set|clear|change|test)_bit* (set|clear|change|test|test_and_set|test_and_clear|test_and_change)_bit* (arch_|raw_)?atomic*
  refcount_* kref_* kobject_* kobj_* kset_* get_device put_device
  device_(add|del|register|unregister|release|initialize|create*|destroy) refcount_dec_*
`;

/** References dropped for the caller: who dropped the last one is to blame. */
export const REFERENCES = names`
  iput dput consume_skb* dev_kfree_skb* napi_consume_skb usb_(kill|free|poison|unlink|submit)_urb
  usb_hcd_(submit|unlink|flush|giveback)* cleanup_srcu_struct*
`;
