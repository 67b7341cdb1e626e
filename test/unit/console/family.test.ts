// SPDX-License-Identifier: MIT
import { expect, test } from 'vitest';
import { scanConsole } from '../../../harness/console/index.js';

test.each([
  ['refcount', 'WARNING: CPU: 0 PID: 7 at lib/refcount.c:28 refcount_warn_saturate+0x1/0x2'],
  ['debugobjects', 'WARNING: CPU: 0 PID: 7 at lib/debugobjects.c:615 debug_print_object+0x1/0x2'],
  ['kobject', 'WARNING: CPU: 0 PID: 7 at lib/kobject.c:734 kobject_put+0x1/0x2'],
  ['vmap', 'WARNING: CPU: 0 PID: 7 at mm/vmalloc.c:3000 __vunmap+0x1/0x2'],
  ['warning', 'WARNING: CPU: 0 PID: 7 at fs/demo.c:12 demo+0x1/0x2'],
  ['usercopy', 'kernel BUG at mm/usercopy.c:102!'],
  ['list-corruption', 'kernel BUG at lib/list_debug.c:56!'],
  ['vmap', 'kernel BUG at mm/vmalloc.c:2400!'],
])('family %s', (family, head) => {
  expect(scanConsole(`[    1.000000] ${head}\n`).map((f) => f.family)).toEqual([family]);
});
