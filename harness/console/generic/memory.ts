// SPDX-License-Identifier: MIT

import { names } from './words.js';

/** Allocators: mm/slub.c, slab_common.c, util.c, vmalloc.c, percpu.c, page_alloc.c. */
export const ALLOCATORS = names`
  *k[mz]alloc* k?v?[mz]alloc* kcalloc* kvcalloc* krealloc* kvrealloc* kmem_cache_* *kmem_cache_(alloc|free)*
  ksize kzfree free_block kv?free kv?free_* kfree* kmemdup* kstrn?dup* kvmemdup* v?memdup_* free_large_kmalloc* large_kmalloc*
  slab_* *_slab_(alloc|free)* do_slab_free*
  get_partial* put_cpu_partial* (get|set)_freepointer* freelist_* unfreeze_partials* flush_cpu_slab*
  do_kmalloc* do_cache_alloc* kmalloc*
  memcg_*slab* *vmalloc* vzalloc* vfree* vunmap* remove_vm_area
  vm_area_alloc* alloc_vmap_area free_vmap_area* vrealloc* alloc_pages?_* alloc_pages*
  alloc_frozen_pages* folio_alloc* vma_alloc_folio*
  get_zeroed_page* free_pages?  free_pages_* free_(unref|pcp|frozen|one|tail|hot_cold|compound)_*
  free_pcppages* get_page_from_freelist prep_(new|compound)_* post_alloc_hook
  check_(new|free)_page* bad_page* free_page_is_bad* page_(expected|bad)* pcpu_(?!freelist)*
  (alloc|free)_percpu* dma_pool_(alloc|free)* destroy_large_folio
  free_contig* put_pages_list might_alloc prepare_alloc_pages
  (page|folio)_ref_* get_page folio_get (put_page|folio_put)_testzero*
  page_cache_alloc* filemap_alloc_folio* folio_alloc* page_pool_(alloc|dev_alloc|get|put|return|release)* pcpu_*
  alloc_pages_(slowpath|direct|cpuset|bulk|may_oom|slow)* sk_(prot_)?alloc
  do_krealloc bpf_map_(area_alloc|area_free|kmalloc*|kvcalloc) strndup_user page_frag_(alloc|free|refill|cache)*
  skb_page_frag_refill dma_(alloc|free)_* usb_(alloc|free)_(urb|coherent) devm_k(strdup|asprintf|vasprintf|free)*
  (add|remove)_(partial|full) put_partials* flush_slab init_object setup_object* restore_bytes next_freelist_entry
  shuffle_freelist (un)?account_slab cache_from_obj build_detached_freelist validate_slab* freeze_slab get_freelist
  alloc_single_from_* free_partial list_slab_objects
  *_free_list set_pfnblock_* split_large_buddy account_freepages page_del_and_expand *put_compound_* release_pages
  get_vm_area* vm_area_node *vmap_area* (check|poison|add|remove)_element
`;

/** What the slab allocators do inside: mm/slub.c, slab.c, slab_common.c, v4.4 to v7.2. */
export const SLAB = names`
  *sheaf* *sheaves* barn_* (alloc_from|free_to)_pcs* defer_free* free_deferred_objects update_(cpu_)?freelist*
  (get|put|acquire|any|from)_(any_)?partial* get_from_(any_)?partial* acquire_slab (create|shutdown)_cache create_boot_cache do_kmem_cache_*
  (alloc|free|init|early)_kmem_cache_* calculate_(order|sizes|slab_order|alignment) create_unique_id
  drain_(array|alien|freelist|cpu_caches|cache_node|page_cache)* do_drain (alloc|free|reap|drain)_alien* transfer_objects
  poison_obj check_poison_obj fixup_slab_list fallback_alloc alternate_node_alloc slabs_destroy setup_cpu_cache
  (enable|do_tune)_cpucache flush_all(_cpus_locked)? kfree_rcu_(work|monitor|shrink*) kvfree_rcu_* kmem_(rcu_free|getpages|freepages)
`;

/** Getters of the page cache: mm/filemap.c, folio-compat.c. The mapping is the caller's. */
export const PAGE_CACHE = names`
  filemap_(get|grab|alloc)_folio find_or_create_page pagecache_get_page grab_cache_page* read_mapping_(page|folio)*
  (do_)?read_cache_(page|folio)* find_(get|lock)_(page|pages|entries|entry|head)* truncate_inode_pages* truncate_pagecache*
`;

/** Copying and strings: lib/string.c, lib/usercopy.c and the architectures' assembly. */
export const COPYING = names`
  mem(cpy|set|move|cmp|chr|zero|scan|chr_inv)* pi_(mem|str)* str(n?len|n?cpy|l?cat|ncat|n?cmp)*
  str(n?casecmp|n?chr|n?chrnul|rchr|n?str|pbrk|scpy|lcpy|sep|c?spn|nstr|im|sized)* sized_str*
  strn?(cpy|len)_(from_)?user* fault_in_*
  sysfs_streq memweight *copy_(to|from|in)_user* copy_user* copy_mc_* raw_copy_* rep_(movs|stos)*
  clear_page* copy_page copy_page_(?!range)* (get|put)_user_(?!pages)* (get|put)_user copy_(to|from)_kernel_*
  might_(sleep|fault|resched)* nla_(memcpy|memcmp|strscpy|strcmp|strdup)
  copy_*_sockptr* copy_safe_from_sockptr copy_struct_(from|to)_user copy_(to|from)_iter* iterate_(ubuf|iovec|kvec|bvec|xarray|folioq|and_*)*
  skb_put skb_push skb_put_* skb_push_* asm_(copy|clear|memcpy|memset)* fast_string*
  stpcpy bcmp bzero mmio(set|cpy) check_bytes8 skip_spaces match_string sysfs_match_string strreplace hex2bin hex_to_bin
  bin2hex do_strncpy_from_user check_zeroed_user fallback_scalar_usercopy* copy_tofrom_user*
  (get|put)_unaligned_* pagefault_(dis|en)able* user_access_* mmx_* (fast|slow)_(copy|clear|zero)_page unrolled_mem* string_mem*
`;

/** Addresses into pages and back: include/linux/mm.h, page-flags.h, mm/physaddr.c of the architectures. */
export const PAGES = names`
  compound_head virt_to_* *phys_addr* page_to_* pfn_to_* page_address* lowmem_page_address kmap*  kunmap*
  folio_(test|set|clear)_*
`;
