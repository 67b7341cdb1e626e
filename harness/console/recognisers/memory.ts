// SPDX-License-Identifier: MIT
import { ALLOCATES } from '../generic/index.js';
import type { Recogniser } from '../recogniser.js';

/** Damage that mm/ finds: slub.c, page_alloc.c, memory.c, fork.c, kmemleak.c, v3.10 to v6.19. */
export const MEMORY: readonly Recogniser[] = [
  {
    family: 'slab',
    kind: 'slab',
    earnedBy: 'checks.log',
    hints: ['BUG ', 'slab error in', 'Slab corruption'],
    head: /^(?:BUG [\w.:+-]{1,64} \((?:Not tainted|Tainted: [A-Z ]{1,40})[^)]{0,20}\): (?!kasan: )\S|slab error in (?<fn>\w+)\(\): |Slab corruption(?: \(|: ))/,
    from: 'trace',
    // check_object() and on_freelist() end in it: mm/slub.c, alloc_consistency_checks().
    title: (r) =>
      / Object already free/.test(r.match.input)
        ? r.lines.some((l) => l.code !== undefined)
          ? 'BUG: Object already free in {fn}'
          : 'BUG: Object already free'
        : 'BUG: slab corruption in {fn}',
  },
  {
    family: 'slab-destroy',
    kind: 'slab',
    earnedBy: 'checks.log',
    hints: ['Slab cache still has objects', 'Objects remaining in'],
    head: /^kmem_cache_destroy .{1,64}: Slab cache still has objects/,
    from: 'trace',
    title: 'BUG: slab cache still has objects in {fn}',
  },
  {
    family: 'bad-page',
    kind: 'bad-state',
    earnedBy: 'checks.log',
    hints: ['BUG: Bad page'],
    head: /^BUG: Bad page (state|map|cache) in process /,
    // With page_owner the trace of the allocation comes first, and is the one that tells.
    from: 'order',
    title: (r) => (r.match[1] === 'state' ? 'BUG: Bad page state in {fn}' : 'BUG: Bad page {1}'),
  },
  {
    family: 'bad-rss',
    kind: 'bad-state',
    earnedBy: 'syz/linux/39',
    hints: ['BUG: Bad rss-counter', 'BUG: non-zero '],
    head: /^BUG: (Bad rss-counter state|non-zero \w{3,20} on freeing mm)/,
    from: 'none',
    title: 'BUG: {1}',
  },
  {
    family: 'dentry-in-use',
    kind: 'bad-state',
    earnedBy: 'checks.log',
    hints: ['BUG: Dentry', 'Busy inodes after unmount', 'file count is 0'],
    head: /^(?:BUG: Dentry [^{]{0,80}\{.{0,200}\} {0,2}still in use(?: \(-?\d+\) \[(unmount of \S{1,40} \S{1,40})\])?|VFS: Busy inodes after unmount of |VFS: Close: file count is 0)/,
    from: 'none',
    title: (r) =>
      r.match[0].startsWith('BUG')
        ? `BUG: Dentry still in use${r.match[1] === undefined ? '' : ` [${r.match[1]}]`}`
        : r.match[0].includes('Busy')
          ? 'VFS: Busy inodes after unmount (use-after-free)'
          : 'VFS: Close: file count is zero (use-after-free)',
  },
  {
    family: 'kmemleak',
    kind: 'kmemleak',
    earnedBy: 'syz/linux/53; checks.log',
    hints: ['BUG: memory leak', 'unreferenced object 0x', 'new suspected memory leaks'],
    head: /^(?:BUG: memory leak\s*$|unreferenced object 0x[0-9a-f]+ \(|kmemleak: \d+ new suspected memory leaks)/,
    from: 'trace',
    skip: ALLOCATES,
    title: 'memory leak in {fn}',
  },
  {
    family: 'object-free',
    kind: 'slab',
    earnedBy: 'checks.log',
    hints: ['already free'],
    head: /^BUG: Object already free/,
    from: 'trace',
    title: 'BUG: Object already free in {fn}',
  },
];
