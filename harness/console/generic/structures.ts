// SPDX-License-Identifier: MIT

import { names } from './words.js';

/**
 * Small data structures that only work on what they are given: lists, red-black trees, bits and
 * counters. Not the big ones (xarray, maple tree, rhashtable, idr): those have bugs of their own,
 * and a crash in them is known by their name.
 */
export const STRUCTURES = names`
  (h|hlist_)?list_(add|del|move|splice|replace|bl|nulls|unhashed|empty|is|cut|rotate|swap|count|bulk)*
  hash_(add|del|hashed|empty|init)(_rcu)? knode_* fill_kobj_path get_kobj_path_length add_uevent_var hlist_* (p|k|l)list_*
  rb_(insert|erase|next|prev|first|last|replace|link|add|find)* rb_erase rb_next rb_prev rb_first rb_last
  rb_(left|right)_deepest* rb_(set|red)_* find_(first|next|last|nth)_*bit* bitmap_(?!ip|port)* bitmap_weight*
  (arch|generic|const|constant|variable)_*(set|clear|change|test)_bit* (set|clear|change|test|test_and_set|test_and_clear|test_and_change)_bit* (arch_|raw_)?atomic*
  refcount_* kref_* kobject_* kset_* get_device put_device
  device_(add|del|register|unregister|release|initialize|create*|destroy) refcount_dec_*
  (sw_)?hweight* (arch_)?(cmp)?xchg* u64_stats_* cpumask_* percpu_counter_* ihold
  ida_* *(drop|clear|inc|set)_nlink seqprop_* list_sort sort sort_(r|nonatomic|cmp_size) do_(cmp|swap) swap_(bytes|words)* bsearch
  sg_next sg_nents* sg_(init|set)_(one|table|buf|page)* sg_miter_* sg_p?(copy|zero)_(buffer|from_buffer|to_buffer)
`;

/** References dropped for the caller: who dropped the last one is to blame. */
export const REFERENCES = names`
  iput consume_skb* dev_kfree_skb* napi_consume_skb usb_(kill|free|poison|unlink|submit)_urb
  *_submit_urb usb_(get_string|string|string_sub|cache_string|get_descriptor|get_status)* usb_start_wait_urb usb_(bulk|control|interrupt|internal_control)_msg*
  usb_hcd_(submit|unlink|flush)_(urb|endpoint) cleanup_srcu_struct*
`;

/** Walks over what the caller has, calling back: kernel/notifier.c, drivers/base. */
export const ITERATORS = names`
  (bus|class|device|driver)_for_each_* device_for_each_child*
  call_netdevice_notifiers*
  idr_for_each llist_(add|del|reverse)* iterate_fd
`;

/** An object taken in or out of a core for its driver: drivers/base, fs/sysfs, net/core/dev.c. */
export const REGISTRATION = names`
  sysfs_* dpm_sysfs_* (device_)?add_disk* register_disk
  internal_create_group* create_files create_dir remove_files
  device_(remove|create|add)_* get_device_parent (class|driver)_(create|remove)_file rollback_registered* (un)?register_netdevice (un)?register_netdev
  unregister_netdevice_(many|queue|many_notify|notifier*)
  hwrng_unregister media_device_(un)?register* (un)?register_(client|pernet*) i2c_(add|del)_adapter*
  tty_(un)?register_device* bus_(add|remove)_(device|driver)* devres_(alloc|add|free|open|close|find|get|remove|destroy)*
`;

/** Access to a device's registers and ports: lib/iomap.c, lib/logic_pio.c. The address is the caller's. */
export const PORTS = names`
  io(read|write)(8|16|32|64)* logic_(in|out)(s?[bwl])* raw_(read|write)[bwlq] (in|out)s?[bwl] (read|write)[bwlq]
`;

/**
 * What a driver asks of others about a handle that it holds: drivers/clk, regulator, gpio, base/regmap,
 * kernel/irq/manage.c, kernel/dma. A handle that is bad or out of balance is the driver's.
 */
export const CONSUMED = names`
  clk_(core_)?(prepare|unprepare|enable|disable|put)* regulator_(enable|disable|put|bulk|force)* reset_control_*
  gpiod_(set|get|put|direction)* regmap_(read|write|update|bulk|raw|noinc|multi|field)* (request|free)_(threaded_|percpu_|any_context_)?irq
  (enable|disable|synchronize)_(percpu_|hard)?irq* debug_dma_* add_dma_entry check_(unmap|sync) active_cacheline_*
  (device|fwnode)_property_* dma_(unmap|sync|direct)_* swiotlb_* backlight_(device_)?(set|update|force|enable|disable)*
`;

/** Checksums, hashes and ciphers: they read what they are given. lib/, lib/crypto, crypto/. */
export const DIGESTS = names`
  *crc(4|7|8|16|32|32c|64|_t10dif|_itu_t|_ccitt)* *crc32c* xxh(32|64)* xxhash64_* adler32*
  (siphash|hsiphash|jhash|gf128mul|nhpoly1305)* csum_(partial|ipv6|tcpudp|fold|block|add|sub|and_copy|replace)* *csum_partial* ip_(fast_csum|compute_csum)
  drbg_* jent_* rng_setkey
`;

/**
 * The calls of crypto/ and the modes of operation that stand between a cipher and who wants it. A
 * fault in them is of the transform that they own; but that what they read was never written is its
 * owner's.
 */
export const CIPHERING = names`
  *sha(1|224|256|384|512|3)_* sha(1|224|256|384|512) sha_* md[45]_* keccak* arc4_*
  (aes|aesti|aesni|des|des3|chacha|poly1305|blake2[bs]|sm[34]|serpent|twofish|camellia|ghash|polyval)_*
  cipher_crypt_* crypto_(cipher|skcipher|ahash|shash|aead|rng|lskcipher)_(en|de|set|fin|up|dig|re|init|gen|crypt)*
  crypto_(ecb|cbc|ctr|xctr|pcbc|cts|xts|lrw)_* (ecb|cbc|ctr|xctr|pcbc|cts|xts|lrw)_(cbc_)?(en|de)?crypt*
`;

/** Arithmetic: include/linux/log2.h, math64.h, lib/math. A bad operand is the caller's. */
export const ARITHMETIC = names`
  (roundup|rounddown)_pow_of_two* order_base_2* (u|s)?div(64)?_(u|s)64* div_u64* mul_u64_* int_(sqrt|pow)* gcd lcm
`;
