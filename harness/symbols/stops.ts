// SPDX-License-Identifier: GPL-2.0-only
import type { MapSymbol } from '../console/symbols.js';
import { DmraceError } from '../model/errors.js';
import type { StepNumber } from '../model/steps.js';
import type { TrialResult } from '../model/trial.js';

/** Where `--gdb` stops a trial. */
export type StopAt = StepNumber | 'crash';

/** One breakpoint on the way; the guest goes on from all but the last. */
export interface Stop {
  /** `return` is where the function of the stop before was called from. */
  readonly at: bigint | 'return';
  /** Only on the kernel stack of the first stop: in the same process. */
  readonly sameStack: boolean;
  /** What is there, in words. */
  readonly what: string;
}

/** @throws DmraceError (usage) for anything but a step's number or `crash`. */
export function parseStopAt(text: string): StopAt {
  if (text === 'crash') return text;
  const step = /^\d+$/.test(text) ? Number(text) : 0;
  if (step >= 1 && step <= 10) return step as StepNumber;
  throw new DmraceError('usage', {
    observed: `--break ${text}: neither a step nor crash`,
    action: 'give a step from 1 to 10, or crash',
  });
}

/** Finds symbols of the guest. */
class Names {
  constructor(readonly symbols: readonly MapSymbol[]) {}

  /** @throws DmraceError (inconclusive) when this kernel has none of that name. */
  find(name: RegExp, module?: string): bigint {
    const found = this.symbols.find((s) => name.test(s.name) && s.module === module);
    if (found) return found.address;
    throw new DmraceError('inconclusive', {
      observed: `this kernel has no symbol ${name.source} in ${module ?? 'vmlinux'}`,
      action: 'stop at another step, or at the crash',
    });
  }
}

/**
 * The breakpoints that lead to a step of the ten, or to a recorded crash. A step is where its
 * function is entered; 7, 8 and 10 have none of their own and are reached by way of another, on the
 * same stack.
 * @param recorded the trial, its addresses as they were in the guest of its time
 * @param here where such an address lies in the guest that is to be stopped
 * @param home the module where dm_kobject_release() of this placement is; absent for vmlinux
 * @throws DmraceError (usage) for a crash that there was none of; (inconclusive) for a missing symbol
 */
export function stopsFor(
  where: StopAt,
  recorded: Pick<TrialResult, 'findings' | 'steps'>,
  symbols: readonly MapSymbol[],
  home: string | undefined,
  here: (address: bigint) => bigint = (address) => address,
): readonly Stop[] {
  const names = new Names(symbols);
  const one = (at: bigint | 'return', what: string): Stop => ({ at, sameStack: false, what });
  const same = (at: bigint | 'return', what: string): Stop => ({ at, sameStack: true, what });
  const exit = () => one(names.find(/^dm_sysfs_exit$/, 'dm_mod'), 'dm_sysfs_exit()');
  const wait = () => same(names.find(/^wait_for_completion$/), 'wait_for_completion()');
  const release = () =>
    one(names.find(/^dm_kobject_release$/, home), `dm_kobject_release() in ${home ?? 'vmlinux'}`);
  switch (where) {
    case 1:
      return [one(names.find(/^dmrace_got$/, 'dmrace_helper'), 'the holder has its reference')];
    case 2:
      return [one(names.find(/^dev_remove$/, 'dm_mod'), 'dev_remove(), the ioctl')];
    case 3:
      return [exit()];
    case 4:
      return [exit(), wait()];
    case 5:
      return [one(names.find(/^dmrace_put$/, 'dmrace_helper'), 'the holder drops its reference')];
    case 6:
      return [release()];
    case 7:
      return [
        release(),
        // complete() wakes the remover by it, through functions that are inlined on some kernels; the
        // holder may be preempted earlier by somebody else.
        same(names.find(/^try_to_wake_up(\.|$)/), 'try_to_wake_up(), which wakes the remover'),
        same(names.find(/^__schedule(\.|$)/), '__schedule(), by which the holder is preempted'),
      ];
    case 8:
      return [exit(), wait(), same('return', 'the remover goes on after the wait')];
    case 9:
      return [one(names.find(/^dm_exit$/, 'dm_mod'), 'dm_exit(), the unload')];
    case 10:
      return [release(), same(here(callerOf(recorded)), 'the return from complete()')];
    case 'crash': {
      const at = crashAddress(recorded, names, here);
      return [one(at.address, `the crash, ${at.name}`)];
    }
  }
}

/** Where complete() was to return to, by the trace of the recorded trial. */
function callerOf({ steps }: Pick<TrialResult, 'steps'>): bigint {
  const sixth = steps.find(({ step }) => step === 6);
  const caller = /\bcaller=0x([0-9a-f]+)/.exec(sixth?.evidence ?? '')?.[1];
  if (caller !== undefined) return BigInt(`0x${caller}`);
  throw new DmraceError('inconclusive', {
    observed:
      'the recorded trial did not prove step 6, so nobody knows where complete() returns to',
    action: 'stop at step 6',
  });
}

function crashAddress(
  { findings }: Pick<TrialResult, 'findings'>,
  names: Names,
  here: (address: bigint) => bigint,
): { address: bigint; name: string } {
  const [finding] = findings;
  if (!finding) {
    throw new DmraceError('usage', {
      observed: '--break crash: the recorded trial did not crash',
      action: 'name a step, or another trial',
    });
  }
  if (finding.address !== undefined) {
    return {
      address: here(BigInt(`0x${finding.address}`)),
      name: finding.resolved ?? finding.address,
    };
  }
  const [, symbol, offset] = /^([\w$.]+)\+0x([0-9a-f]+)/.exec(finding.pc ?? '') ?? [];
  if (symbol === undefined || offset === undefined) {
    throw new DmraceError('inconclusive', {
      observed: `the recorded crash does not say where it was: ${finding.title}`,
      action: 'stop at a step',
    });
  }
  const escaped = symbol.replaceAll(/[.$]/g, '\\$&');
  const start = names.find(new RegExp(`^${escaped}$`), finding.module);
  return { address: start + BigInt(`0x${offset}`), name: `${symbol}+0x${offset}` };
}
