// SPDX-License-Identifier: MIT
import {
  FAULTS,
  type Fault,
  type GonePlace,
  type Observation,
  SHARED_FAULTS,
  type StaticSign,
} from '../model/audit.js';

/** What a finding is about. Equal parts, equal finding. */
export interface Blamed {
  readonly fault: Fault | null;
  /** The fault, or what a static sign is of that is none: `proto.close`. */
  readonly about: string;
  /** Core function that touches what is gone; null where only the file was read. */
  readonly core: string | null;
  /** Module at fault; null where the core function is, for all modules at once. */
  readonly module: string | null;
  /** Function or variable of that module, without what a compiler adds; null where none is named. */
  readonly symbol: string | null;
}

/**
 * A symbol without its offset and without what compilers append to a name (gcc: .isra, .part,
 * .constprop, .cold; clang: .llvm with a hash), so that another build has the same.
 */
export const bareSymbol = (symbol: string): string =>
  symbol
    .replace(/\+0x[0-9a-f]+(\/0x[0-9a-f]+)?$/i, '')
    .replace(/(\.(isra|part|constprop|cold|llvm|lto_priv)(\.\d+)*)+$/, '');

/**
 * The identifier of a finding: of what is at fault, never of an order or an address. Words and colons
 * only, so that a shell takes it as it is.
 */
export const findingId = ({ fault, about, core, module, symbol }: Blamed): string =>
  module === null
    ? `${about}:${core ?? 'core'}`
    : [fault ?? about, module, ...(symbol === null ? [] : [symbol])].join(':');

/** What an observation is a sign of. */
export function blamedFor({ fault, place }: Pick<Observation, 'fault' | 'place'>): Blamed {
  const { core } = FAULTS[fault];
  if (SHARED_FAULTS.includes(fault)) {
    return { fault, about: fault, core, module: null, symbol: null };
  }
  return { fault, about: fault, core, module: place.module, symbol: symbolOf(place) };
}

const symbolOf = ({ symbol }: GonePlace): string | null =>
  symbol === undefined ? null : bareSymbol(symbol);

/** The fault that each release-like member leads to: by which core function it is called (6.12). */
const MEMBERS: Readonly<Record<string, Fault>> = {
  'kobj_type.release': 'ktype',
  // device_release() takes the first of these that is there (drivers/base/core.c).
  'device.release': 'device-release',
  'device_type.release': 'device-release',
  'class.dev_release': 'device-release',
  'class.class_release': 'class-release',
  'block_device_operations.free_disk': 'disk-fops',
};

const SIGNS: Readonly<Record<Extract<StaticSign, { is: 'import' }>['sign'], Fault>> = {
  'call-rcu-without-barrier': 'rcu-callback',
  'timer-without-sync': 'timer',
  'timer-never-deleted': 'timer',
  'hrtimer-without-cancel': 'timer',
  'work-without-flush': 'work',
  'thread-without-stop': 'thread',
};

/** What a static sign of a module points to. An import names no function of the module. */
export function blamedBySign(module: string, sign: StaticSign): Blamed {
  if (sign.is === 'import') {
    const fault = SIGNS[sign.sign];
    return { fault, about: fault, core: FAULTS[fault].core, module, symbol: null };
  }
  const fault = MEMBERS[sign.member] ?? null;
  const shared = fault !== null && SHARED_FAULTS.includes(fault);
  return {
    fault,
    about: fault ?? sign.member,
    core: fault === null ? null : FAULTS[fault].core,
    module: shared ? null : module,
    symbol: shared ? null : bareSymbol(sign.method),
  };
}
