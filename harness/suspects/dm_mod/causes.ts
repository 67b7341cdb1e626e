// SPDX-License-Identifier: MIT
import { sourceName } from '../../console/frame.js';
import type { CallFrame, RawFinding } from '../../model/finding.js';
import type { CauseRule } from '../../model/suspect.js';

const MODULE = 'dm_mod';
const METHOD = 'dm_kobject_release';

const FAULTS: ReadonlySet<RawFinding['kind']> = new Set([
  'page-fault',
  'null-deref',
  'gpf',
  'kasan',
  'oops',
]);

/** The reference is dropped with the kobject's, straight or by DEBUG_KOBJECT_RELEASE's work. */
const dropsReference = (frame: CallFrame): boolean =>
  /^(?:kobject_(?:put|cleanup|release|delayed_cleanup)|put_device|device_release)$/.test(
    sourceName(frame.symbol ?? ''),
  );

/**
 * disk_release() (block/genhd.c, v5.18) read `disk->fops` of the unloaded dm_mod, when the last
 * reference to the disk was dropped. With KASAN its report, or the fault of its check at a shadow byte
 * that is gone too.
 */
function isDiskRelease({ kind, instructionFetch, pc, frames, touched }: RawFinding): boolean {
  if (!FAULTS.has(kind) || instructionFetch === true) return false;
  if (sourceName((pc ?? '').replace(/\+0x.*/, '')) !== 'disk_release') return false;
  if (frames.length > 0 && !frames.some(dropsReference)) return false;
  // A general protection fault prints no address to look up.
  if (touched.is === 'unknown' || kind === 'gpf') return true;
  return touched.is === 'gone' && touched.module === MODULE;
}

/** Which of the two bugs of the unload window a crash is. */
export const CAUSE_RULES: readonly CauseRule[] = [
  {
    cause: 'release-in-unloaded-text',
    says: `an instruction inside ${METHOD}() of the unloaded ${MODULE}: a fetch that faults, or an int3 that is there instead`,
    fits: ({ touched }) =>
      touched.is === 'gone' &&
      touched.how === 'fetch' &&
      touched.module === MODULE &&
      touched.symbol === METHOD,
    blames: METHOD,
  },
  {
    cause: 'disk-release-fops',
    says: `disk_release() read memory of the unloaded ${MODULE}`,
    fits: isDiskRelease,
  },
];
