// SPDX-License-Identifier: MIT
import type { Recogniser, ReportView } from '../recogniser.js';

/** BUG() and its special cases: lib/bug.c, lib/list_debug.c, mm/usercopy.c, v3.10 to v6.19. */
const fileIs = (path: RegExp, text: string | undefined): boolean => path.test(text ?? '');
/** Checks that end in BUG(), by the file they are in. */
const CHECKED: readonly (readonly [RegExp, string])[] = [
  [/lib\/list_debug\.c/, 'list-corruption'],
  [/mm\/usercopy\.c/, 'usercopy'],
  [/mm\/vmalloc\.c/, 'vmap'],
  [/mm\/slub?\.c/, 'slab'],
];

/** The message of a Rust panic: the rest of its head, or the line below. */
function rustMessage(r: ReportView): string {
  const below = r.lines.slice(1, 3).find((l) => /^[\w'`"(]/.test(l.text))?.text;
  return (below ?? 'rust panic').slice(0, 120);
}

export const BUG: readonly Recogniser[] = [
  {
    family: 'bug-on',
    kind: 'bug-on',
    earnedBy: 'syz/linux/448, syz/linux/125, syz/linux/184; checks.log',
    hints: ['ernel BUG at'],
    head: /^(?:kernel|Kernel) BUG at (\S{1,200}?)(?::(\d+))?!?(?:\s|$)/,
    from: 'fault',
    finer: (r) => CHECKED.find(([path]) => fileIs(path, r.match[1]))?.[1],
    title: (r) =>
      fileIs(/lib\/list_debug\.c/, r.match[1])
        ? 'BUG: corrupted list in {fn}'
        : fileIs(/mm\/usercopy\.c/, r.match[1])
          ? 'BUG: bad usercopy in {fn}'
          : 'kernel BUG in {fn}',
  },
  {
    // BUG() of architectures without a trap for it: include/asm-generic/bug.h.
    family: 'bug-failure',
    kind: 'bug-on',
    earnedBy: 'checks.log',
    hints: ['BUG: failure at'],
    head: /^BUG: failure at (\S{1,200}):\d+\/(?<fn>\w+)\(\)!/,
    from: 'fault',
    title: 'kernel BUG in {fn}',
    confirm: /^(?:Kernel panic - not syncing|CPU: \d|Call [Tt]race:)/,
  },
  {
    // rust/kernel/lib.rs, panic(): the message is on the next line, then BUG() of rust/helpers/bug.c.
    family: 'rust-panic',
    kind: 'bug-on',
    earnedBy: 'naming.log',
    hints: ['rust_kernel: panicked at'],
    head: /^rust_kernel: panicked at \S{1,300}:\d+:\d+:/,
    from: 'fault',
    title: (r) => `${rustMessage(r)} in {fn}`,
  },
  {
    family: 'cfi',
    kind: 'cfi',
    earnedBy: 'checks.log',
    hints: ['CFI failure'],
    head: /^CFI failure (?:at (?<fn>[\w.]+)\+0x|\(target: )/,
    from: 'fault',
    title: 'CFI failure in {fn}',
  },
  {
    family: 'list-corruption',
    kind: 'bug-on',
    earnedBy: 'checks.log',
    hints: [
      'list_add corruption',
      'list_del corruption',
      'list_add double add',
      'list_add attempted',
    ],
    head: /^list_(?:add|del) (?:corruption|double add|attempted)/,
    message: true,
    from: 'fault',
    title: 'BUG: corrupted list in {fn}',
    confirm: /^(?:Call [Tt]race:|CPU: \d+ .*PID: \d+ Comm:)/,
  },
];
