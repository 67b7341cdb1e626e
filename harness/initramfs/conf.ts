// SPDX-License-Identifier: MIT
import type { Arch } from '../model/arch/index.js';
import type { GuestSetUp } from '../model/guest-set-up.js';

/** The module whose unload is asked about, as the guest has to know it. */
export interface GuestSuspect {
  /** Name in the guest's table of suspects (vm/guest/suspects), e.g. `dm_mod`. */
  readonly name: string;
  /** Its file in the initramfs, e.g. `dm-mod.ko`. */
  readonly object: string;
  /** Files of modules that are loaded before it. */
  readonly needs?: readonly string[];
}

/** Single quotes for the shell; what they hold is ours and has none. */
const assignment = (name: string, value: string): string => `${name}='${value}'`;

const lines = (texts: readonly string[]): string => texts.map((text) => `${text}\n`).join('');

/**
 * What the guest reads of its set-up, by path in the initramfs (vm/init). Pure.
 * @param arch names the fetch argument of return addresses, and symbols that its machine code uses
 */
export function guestConf(
  setUp: GuestSetUp,
  suspect: GuestSuspect,
  arch: Arch,
): Readonly<Record<string, string>> {
  return {
    'etc/dmrace.conf': lines([
      assignment('PREPARE', setUp.prepare),
      assignment('HELPER', setUp.helper ? '1' : '0'),
      assignment('SUSPECT', suspect.name),
      assignment('MODULES', [...(suspect.needs ?? []), suspect.object].join(' ')),
      assignment('SYMBOLS', [...setUp.symbols, ...arch.disassembly.symbols].join(' ')),
    ]),
    'etc/dmrace.probes': lines(
      setUp.probes.map((probe) => probe.replaceAll('{return}', () => arch.returnAddress)),
    ),
    'etc/dmrace.wake': lines(
      setUp.wake.map(({ name, wakesAtOnce, events }) =>
        [name, wakesAtOnce ? '1' : '0', ...events].join(' '),
      ),
    ),
    'etc/dmrace.events': lines(setUp.events),
  };
}
