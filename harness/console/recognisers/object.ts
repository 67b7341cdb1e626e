// SPDX-License-Identifier: MIT
import type { Recogniser } from '../recogniser.js';

/**
 * Objects put, registered or unloaded wrongly: lib/kobject.c, fs/sysfs/dir.c, net/core/dev.c,
 * lib/debugobjects.c, drivers/base. Those that come with a WARN are named by warning.ts; these are
 * the ones that only print and dump the stack.
 */
export const OBJECT: readonly Recogniser[] = [
  {
    family: 'kobject',
    kind: 'kobject',
    earnedBy: 'checks.log',
    hints: ['kobject'],
    head: /^(?:kobject: ?)?(?:kobject_add_internal failed for .{1,80} (?:with -EEXIST|\(error: )|kobject \([^)]{1,40}\): (?:tried to init an initialized object|attempted to be registered with empty name)|kobject: '.{0,80}' \([^)]{1,40}\): is not initialized, yet kobject_(?:put|get)\(\) is being called|'.{0,80}' \([^)]{1,40}\): is not initialized, yet kobject_(?:put|get)\(\))/,
    message: true,
    from: 'trace',
    title: 'BUG: kobject bug in {fn}',
    confirm: /^(?:Call [Tt]race:|CPU: \d+ .*PID: \d+ .*Comm:)/,
  },
  {
    family: 'sysfs-duplicate',
    kind: 'kobject',
    earnedBy: 'checks.log',
    hints: ['cannot create duplicate filename'],
    head: /^sysfs: cannot create duplicate filename '/,
    message: true,
    from: 'trace',
    skip: /^sysfs_\w+$/,
    title: 'sysfs: cannot create duplicate filename in {fn}',
    confirm: /^(?:Call [Tt]race:|CPU: \d+ .*PID: \d+ .*Comm:)/,
  },
  {
    // A device that cannot go because somebody kept a reference: what blocks a module's unload.
    family: 'netdev-in-use',
    kind: 'refcount-leak',
    earnedBy: 'checks.log',
    hints: ['unregister_netdevice: waiting for'],
    head: /^unregister_netdevice: waiting for \S{1,32} to become free\./,
    from: 'none',
    title: 'unregister_netdevice: waiting for DEV to become free',
  },
];
