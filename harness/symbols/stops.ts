// SPDX-License-Identifier: MIT
import type { MapSymbol } from '../console/symbols.js';
import { DmraceError } from '../model/errors.js';
import { proofOf, type StepNumber, type StopPlace, type Telling } from '../model/proof.js';
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

/** @throws DmraceError (usage) for anything but one of the race's steps or `crash`. */
export function parseStopAt(text: string, { proofs }: Telling): StopAt {
  if (text === 'crash') return text;
  const step = proofs.find((proof) => String(proof.step) === text)?.step;
  if (step !== undefined) return step;
  const steps = proofs.map((proof) => proof.step);
  throw new DmraceError('usage', {
    observed: `--break ${text}: neither a step nor crash`,
    action:
      steps.length === 0
        ? 'this scenario has no steps: give crash'
        : `give a step (${steps.join(', ')}), or crash`,
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

/** What is known of the trial that is to be stopped. */
export interface StopRequest {
  readonly where: StopAt;
  readonly telling: Telling;
  /** The trial, its addresses as they were in the guest of its time. */
  readonly recorded: Pick<TrialResult, 'findings' | 'steps'>;
  readonly symbols: readonly MapSymbol[];
  /** The module where the release method of this placement is; absent for vmlinux. */
  readonly home: string | undefined;
  /** Where an address of the recorded guest lies in the guest that is to be stopped. */
  readonly here?: (address: bigint) => bigint;
}

/**
 * The breakpoints that lead to a step, or to a recorded crash. A step is where its function is
 * entered; some have none of their own and are reached by way of another, on the same stack.
 * @throws DmraceError (usage) for a crash that there was none of; (inconclusive) for a missing symbol
 */
export function stopsFor(request: StopRequest): readonly Stop[] {
  const { where, telling, recorded, symbols, home, here = (address) => address } = request;
  const names = new Names(symbols);
  if (where === 'crash') {
    const at = crashAddress(recorded, names, here);
    return [{ at: at.address, sameStack: false, what: `the crash, ${at.name}` }];
  }
  const place = (stop: StopPlace): bigint | 'return' => {
    if ('return' in stop) return 'return';
    if ('step' in stop) return here(evidenceAddress(recorded, stop));
    const name = new RegExp(`^${stop.symbol}${stop.prefix ? '(\\.|$)' : '$'}`);
    return names.find(name, stop.inMethodHome ? home : stop.module);
  };
  return (proofOf(telling, where)?.stops ?? []).map((stop) => ({
    at: place(stop),
    sameStack: stop.sameStack === true,
    what: stop.what.replace('{home}', home ?? 'vmlinux'),
  }));
}

/** An address that the trace of the recorded trial names. */
function evidenceAddress(
  { steps }: Pick<TrialResult, 'steps'>,
  stop: Extract<StopPlace, { readonly step: StepNumber }>,
): bigint {
  const proven = steps.find(({ step }) => step === stop.step);
  const pattern = new RegExp(`\\b${stop.field}=0x([0-9a-f]+)`);
  const address = pattern.exec(proven?.evidence ?? '')?.[1];
  if (address !== undefined) return BigInt(`0x${address}`);
  throw new DmraceError('inconclusive', {
    observed: stop.otherwise,
    action: `stop at step ${stop.step}`,
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
