// SPDX-License-Identifier: MIT
import { inSystem, probeOn } from '../../evidence/sources.js';
import type { Proof, Sighting, StepNumber, StopPlace, Telling } from '../../model/proof.js';
import { DELAYED_STEPS, TEN_STEPS } from '../dm_mod/steps.js';
import { PLANTED_BUILD } from './build.js';

const { module } = PLANTED_BUILD;

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
 * The object whose release is due, by kobject_delayed_cleanup() (lib/kobject.c), which is given the work
 * item in it. The probe does not stand at the release method: that is gone with the module, but not
 * the probe, and the kernel takes the breakpoint that freed text is filled with since v6.15 for its own
 * (kprobe_int3_handler(), arch/x86/kernel/kprobes/core.c, finds it by its address), and goes on at the
 * copy of the instruction, which is gone: at 0. Seen on 7.3.4, in 7 of 8 trials.
 *
 * `release` lies 64 bytes behind `name` in struct kobject of v3.14 to v7.3 (vm/planted/dmrace_planted.c
 * has the compiler check it).
 */
const DUE = probeOn('planted_release', 'kobject_delayed_cleanup', 'name=+0(-64($arg1)):string');

const CALLS = 'kobject_delayed_cleanup() calls the release method of a parent';

/** The steps of a delayed release, of the control and of its twin. */
export const PLANTED_DELAYED_STEPS: Telling = {
  ...DELAYED_STEPS,
  proofs: DELAYED_STEPS.proofs.map((proof): Proof => {
    if (proof.step !== 10) return planted(proof);
    return {
      step: 10,
      party: 'worker',
      says: CALLS,
      does: CALLS,
      proof: 'probe on kobject_delayed_cleanup() with the name of the object, after step 9',
      see: [
        {
          source: DUE,
          where: [{ text: 'name', is: '$disk' }],
          after: 2,
          missing: '{diskName} was never released',
        },
      ],
      notBefore: {
        step: 9,
        says: 'the object was released before the unload was done: the delay fell on the other side',
      },
      // Runs of before had the probe at the method, and saw nothing of it when it was gone.
      orCrash: 'planted-release',
      stops: [{ symbol: 'kobject_delayed_cleanup', what: 'kobject_delayed_cleanup()' }],
    };
  }),
};
