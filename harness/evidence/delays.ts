// SPDX-License-Identifier: MIT
import type { Delay } from '../model/recipe.js';

/** lib/kobject.c, kobject_release(), with CONFIG_DEBUG_KOBJECT_RELEASE, as in v6.1 and v6.12. */
const DELAYED = /kobject: '([^']*)' \(+[^)]*\)+: kobject_release, parent \S+ \(delayed (\d+)\)/g;

/** The delays that the kernel drew, as its console tells them, in its order. */
export function delaysOf(console: Uint8Array): Delay[] {
  const text = Buffer.from(console).toString('latin1');
  return [...text.matchAll(DELAYED)].map(([, kobject = '', jiffies]) => ({
    kobject,
    jiffies: Number(jiffies),
  }));
}
