// SPDX-License-Identifier: MIT
import { inSystem, probeOn } from '../../evidence/sources.js';
import type { Proof, Sighting, StepNumber, StopPlace, Telling } from '../../model/proof.js';
import { DELAYED_STEPS, TEN_STEPS } from '../dm_mod/steps.js';
import { PLANTED_BUILD } from './build.js';

const { module, method } = PLANTED_BUILD;

/** PLANTED_REMOVE of vm/planted/dmrace_planted.h, without size and direction: number 2, type 0xd4. */
const IS_REMOVE = { argument: 'cmd', mask: 0xffff, is: 0xd402 } as const;

const inModule = (symbol: string): StopPlace => ({ symbol, module, what: `${symbol}()` });

const REMOVES: Pick<Proof, 'says' | 'does' | 'proof'> = {
  says: 'the user removes the planted object by ioctl',
  does: 'dmrace-guest planted-remove',
  proof: 'ioctl PLANTED_REMOVE by planted-remove',
};

const UNLOADS: Pick<Proof, 'says' | 'does'> = {
  says: `the user unloads ${module}`,
  does: `delete_module("${module}")`,
};

/** What is otherwise than in dm's telling of the same steps: the object, not the race. */
const OWN: Readonly<Partial<Record<StepNumber, Partial<Proof>>>> = {
  1: {
    says: 'some other process takes a reference on the planted object',
    does: 'takes a reference on its kobject through the helper module, as SCHED_IDLE',
  },
  2: { ...REMOVES, stops: [inModule('planted_remove')] },
  3: {
    says: 'planted_remove() puts the kobject; not the last reference',
    does: 'planted_remove() puts the kobject',
    stops: [inModule('planted_remove')],
  },
  4: { says: 'planted_remove() waits on the completion', stops: [inModule('planted_remove')] },
  6: {
    says: 'the release method calls complete()',
    does: 'the release method calls complete()',
  },
  7: { says: 'a reschedule before the release method returns' },
  8: { says: 'planted_remove() goes on, the object is gone', stops: [inModule('planted_remove')] },
  9: { ...UNLOADS, stops: [inModule('planted_exit')] },
};

/** Which sightings name dm's own: its ioctl and its module. */
function seen(proof: Proof): readonly Sighting[] {
  return proof.see.map((sighting) => {
    if (proof.step === 2) {
      return { ...sighting, where: [IS_REMOVE], missing: 'no PLANTED_REMOVE by planted-remove' };
    }
    const frees = sighting.source.name === 'module_free';
    return frees
      ? {
          ...sighting,
          source: inSystem('module', 'module_free'),
          where: [{ says: module }],
          missing: `${module} was not freed (no module_free)`,
        }
      : sighting;
  });
}

const planted = (proof: Proof): Proof => ({
  ...proof,
  ...OWN[proof.step],
  see: seen(proof),
});

/** The ten steps, with the planted module's object in place of dm's. */
export const PLANTED_STEPS: Telling = {
  ...TEN_STEPS,
  note: 'The ten steps of drivers/md/dm-builtin.c, by the planted control. Times are milliseconds after step 1, on the trace’s clock; the lines are the guest kernel’s own.',
  proofs: TEN_STEPS.proofs.map(planted),
};

/**
 * The steps of a delayed release. The probe stands at the release method itself: in the control that
 * is gone with the module, so there the crash is all that shows that it was called.
 * @param at the method, `MODULE:SYMBOL`
 */
const delayed = (at: string): Telling => {
  const source = probeOn('planted_release', at, 'name=+0(+0($arg1)):string');
  return {
    ...DELAYED_STEPS,
    proofs: DELAYED_STEPS.proofs.map((proof): Proof => {
      if (proof.step !== 10) return planted(proof);
      return {
        step: 10,
        party: 'worker',
        says: 'kobject_delayed_cleanup() calls the release method of a parent',
        does: 'kobject_delayed_cleanup() calls the release method of a parent',
        proof: 'probe on the release method, after step 9; or the crash report, where it is gone',
        see: [
          {
            source,
            where: [{ text: 'name', is: '$disk' }],
            after: 2,
            missing: '{diskName} was never released',
          },
        ],
        notBefore: {
          step: 9,
          says: 'the object was released before the unload was done: the delay fell on the other side',
        },
        orCrash: 'planted-release',
        stops: [{ symbol: 'kobject_delayed_cleanup', what: 'kobject_delayed_cleanup()' }],
      };
    }),
  };
};

/** See {@link delayed}: of the control. */
export const PLANTED_DELAYED_STEPS: Telling = delayed(`${module}:${method}`);
/** The same of its twin, whose method stays. */
export const TWIN_DELAYED_STEPS: Telling = delayed('dmrace_pinned:dmrace_pinned_release');
