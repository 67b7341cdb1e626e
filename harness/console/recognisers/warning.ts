// SPDX-License-Identifier: MIT
import { sourceName } from '../frame.js';
import { LOCKS_SOCKET } from '../generic/index.js';
import type { Recogniser, ReportView } from '../recogniser.js';

/**
 * WARN(): kernel/panic.c (__warn). "CPU: PID: at" until v6.18, "file:line at function, CPU#" from
 * v6.19, "at file:line function()" before v3.15.
 */
const SPECIAL: readonly (readonly [where: RegExp, family: string, title: string])[] = [
  [/lib\/refcount\.c|^refcount_t(?:: | .{3,20} at )/m, 'refcount', 'WARNING: refcount bug in {fn}'],
  [/lib\/debugobjects\.c|^ODEBUG: /m, 'debugobjects', 'WARNING: ODEBUG bug in {fn}'],
  [/lib\/list_debug\.c/, 'list-corruption', 'WARNING: corrupted list in {fn}'],
  [/kernel\/(?:locking\/)?lockdep\.c/, 'lockdep-warn', 'WARNING: locking bug in {fn}'],
  [/kernel\/locking\/(?:rwsem|mutex|rtmutex)\S*\.c/, 'lock-misuse', 'WARNING in {fn}'],
  [/lib\/kobject\.c/, 'kobject', 'WARNING: kobject bug in {fn}'],
  [
    /fs\/proc\/generic\.c:\d+ (?:at )?proc_register/,
    'proc',
    'WARNING: proc registration bug in {fn}',
  ],
  [/mm\/vmalloc\.c:\d+ (?:at )?__vmalloc_node_range/, 'vmap', 'WARNING: zero-size vmalloc in {fn}'],
  [/mm\/vmalloc\.c/, 'vmap', 'WARNING in {fn}'],
  // What was asked of the allocator is the caller's: slab_common.c, util.c (kvmalloc).
  [/mm\/\w+\.c:\d+ (?:at )?_*k?v?[mzc]alloc/, 'kmalloc', 'WARNING: kmalloc bug in {fn}'],
  [
    /drivers\/usb\/core\/urb\.c:\d+ (?:at )?usb_submit_urb/,
    'usb-urb',
    'WARNING in {fn}/usb_submit_urb',
  ],
  [/mm\/usercopy\.c/, 'usercopy', 'WARNING: bad usercopy in {fn}'],
];

const special = (report: ReportView): (typeof SPECIAL)[number] | undefined => {
  const message = report.preamble.slice(-3).join('\n');
  const head = report.match[0];
  return SPECIAL.find(([where]) => where.test(head) || where.test(message));
};
const title = (report: ReportView): string => special(report)?.[2] ?? 'WARNING in {fn}';
const finer = (report: ReportView): string | undefined => special(report)?.[1];

/** The functions that the special titles stand for: naming them again would say nothing. */
const SKIP =
  /^(?:proc_(?:register|create\w*|mkdir\w*|symlink)|_?proc_mkdir\w*|xlate_proc_name|kobject\w*|__?sysfs_(?:add|create|remove)\w*)$/;

/** Who works on the kind of object that lib/debugobjects.c watches; the object is the caller's. */
const OBJECT_USERS = new RegExp(
  `${SKIP.source}|(?:^|_)(?:rcu|timer|hrtimer|work|percpu)_|call_rcu|_rcu$|^init_(?:timer|work)`,
);
const skip = (report: ReportView): RegExp =>
  finer(report) === 'debugobjects' ? OBJECT_USERS : SKIP;

/** refcount_error_report(), kernel/panic.c of v4.13 to v5.4: the place is in the message. */
const REFCOUNT_AT = /^refcount_t .{3,20} at ([A-Za-z_][\w.]*)\+0x/;
function names({ preamble }: ReportView): string | undefined {
  for (const line of preamble.slice(-3)) {
    const at = REFCOUNT_AT.exec(line);
    if (at?.[1] !== undefined) return sourceName(at[1]);
  }
  return undefined;
}

/** What the three forms of WARN()'s headline have in common. */
const WARN = {
  family: 'warning',
  kind: 'warning',
  hints: ['WARNING: '],
  from: 'order',
  skip,
  title,
  finer,
  names,
} as const;

export const WARNING: readonly Recogniser[] = [
  {
    family: 'lockdep-warn',
    kind: 'lockdep',
    earnedBy: 'syz/linux/161',
    hints: ['WARNING: '],
    head: /^WARNING: (?:CPU: \d+ PID: -?\d+ at |at )?kernel\/(?:locking\/)?lockdep\.c:\d+ (?:at )?(?<fn>[A-Za-z_][\w.]*)?/,
    from: 'order',
    skip: LOCKS_SOCKET,
    title: 'WARNING: locking bug in {fn}',
  },
  {
    ...WARN,
    earnedBy: 'syz/linux/563, syz/linux/157, syz/linux/173, syz/linux/407; checks.log',
    head: /^WARNING: CPU: \d+ PID: -?\d+ at (?:(\S{1,400}:\d+)? ?)(?:(?<fn>[A-Za-z_][\w.]*)(?:\+0x[0-9a-f]+\/0x[0-9a-f]+| (?=\([\w./?+~-]{1,200}:[\d?]))|0x[0-9a-f]+|[0-9a-f]{8,16}|[A-Za-z_][\w.]*|$)/,
  },
  {
    ...WARN,
    earnedBy: 'checks.log; public.log',
    head: /^WARNING: (?:\[[^\]]{1,200}\] )?(\S{1,400}:\d+) at (?:(?<fn>[A-Za-z_][\w.]*)(?:\+0x[0-9a-f]+\/0x[0-9a-f]+| (?=\(|\S{1,400}:\d+ \[inline\]))|0x[0-9a-f]+)[^,]{0,400}, CPU#\d+: /,
  },
  {
    ...WARN,
    earnedBy: 'checks.log',
    head: /^WARNING: at (\S{1,400}:\d+) (?:0x[0-9a-f]+ )?(?<fn>[A-Za-z_][\w.]*)\+0x[0-9a-f]+\/0x[0-9a-f]+/,
  },
  {
    family: 'unwinder',
    kind: 'warning',
    earnedBy: 'checks.log',
    hints: ['WARNING: kernel stack'],
    head: /^WARNING: kernel stack (regs|frame pointer) at [0-9a-f]+ in \S{1,64}:\d+ has bad (?:'(\w{2,3})' )?value/,
    from: 'none',
    title: (r) =>
      r.match[2] === undefined
        ? `WARNING: kernel stack ${r.match[1]} has bad value`
        : `WARNING: kernel stack ${r.match[1]} has bad '${r.match[2]}' value`,
  },
  {
    // orc_warn(), arch/x86/kernel/unwind_orc.c: no stack follows, it could not be walked.
    family: 'unwinder',
    kind: 'warning',
    earnedBy: 'lists.log',
    hints: ['WARNING: stack going', "WARNING: can't"],
    head: /^WARNING: (stack going in the wrong direction\?|can't (?:access|dereference) registers) at (?<fn>[A-Za-z_][\w.]*)(?:\+0x| )/,
    from: 'none',
    names: ({ match }) => sourceName(match.groups?.fn ?? ''),
    title: 'WARNING: {1} at {fn}',
  },
];
