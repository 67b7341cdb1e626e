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

/** A probe whose arguments are named by the registers that they are passed in. */
const byRegister = (probe: string, registers: readonly string[]): string =>
  probe.replaceAll(
    /\$arg(\d+)\b/g,
    (name, number: string) => registers[Number(number) - 1] ?? name,
  );

/**
 * What the guest reads of its set-up, by path in the initramfs (vm/init). Pure.
 * @param arch names the fetch arguments that differ, and symbols that its machine code uses
 */
export function guestConf(
  setUp: GuestSetUp,
  suspect: GuestSuspect,
  arch: Arch,
): Readonly<Record<string, string>> {
  const probes = setUp.probes.map((probe) =>
    probe.replaceAll('{return}', () => arch.returnAddress),
  );
  return {
    'etc/dmrace.conf': lines([
      assignment('PREPARE', setUp.prepare),
      assignment('HELPER', setUp.helper ? '1' : '0'),
      assignment('SUSPECT', suspect.name),
      assignment('MODULES', [...(suspect.needs ?? []), suspect.object].join(' ')),
      assignment('SYMBOLS', [...setUp.symbols, ...arch.disassembly.symbols].join(' ')),
    ]),
    'etc/dmrace.probes': lines(probes),
    'etc/dmrace.probes-by-register': lines(
      probes.map((probe) => byRegister(probe, arch.argumentRegisters)),
    ),
    'etc/dmrace.wake': lines(
      setUp.wake.map(({ name, wakesAtOnce, events }) =>
        [name, wakesAtOnce ? '1' : '0', ...events].join(' '),
      ),
    ),
    'etc/dmrace.events': lines(setUp.events),
  };
}
