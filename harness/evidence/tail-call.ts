// SPDX-License-Identifier: GPL-2.0-only
import { homeOf, type MethodHome, type Placement } from '../model/placement.js';

/** What the release method's machine code does with complete(). */
export interface TailCall {
  /** True for a jump to complete(), false for a call; null when neither was found. */
  readonly tailCall: boolean | null;
  /** The function's instructions, one a line, up to its end. */
  readonly instructions: readonly string[];
}

/** What is known of a placement's release method besides what its trials saw. */
export interface PlacementCode extends TailCall {
  /**
   * nm's letter for dm_kobject_release in the dm-mod.ko that was booted: `U` (taken from vmlinux),
   * `T` or `t` (part of the module); null when it was not read.
   */
  readonly objectSymbol: string | null;
}

/** Why the booted object is not the placement's, or null. */
export function objectProblem(
  placement: Placement,
  code: PlacementCode | undefined,
  subject?: MethodHome,
): string | null {
  const letter = code?.objectSymbol ?? null;
  if (letter === null) return `${placement}: the symbols of the booted dm-mod.ko were not read`;
  const right = homeOf(placement, subject) === 'dm_mod' ? /^[Tt]$/ : /^U$/;
  return right.test(letter)
    ? null
    : `${placement}: nm shows dm_kobject_release as "${letter}" in the booted dm-mod.ko`;
}

/** Mnemonics of an architecture; see harness/model/arch/. */
export interface CallMnemonics {
  readonly call: RegExp;
  readonly jump: RegExp;
  readonly ret: RegExp;
}

// objdump -D: "ffffffff81765910:\t0f 1f 44 00 00 \tnopl   0x0(%rax,%rax,1)".
const INSTRUCTION = /^\s*([0-9a-f]+):\t[0-9a-f ]+\t(\S+)\s*(.*)$/;

/**
 * Reads objdump's disassembly of the booted bytes at the release method and tells whether
 * complete() is called or jumped to. `targets` names addresses (complete, thunks).
 */
export function readTailCall(
  disassembly: string,
  mnemonics: CallMnemonics,
  targets: ReadonlyMap<bigint, string>,
): TailCall {
  const instructions: string[] = [];
  let tailCall: boolean | null = null;
  for (const line of disassembly.split('\n')) {
    const match = INSTRUCTION.exec(line);
    if (!match) continue;
    const [, address = '', mnemonic = '', operands = ''] = match;
    const target = /(?:0x)?([0-9a-f]+)/.exec(operands)?.[1];
    const name = target === undefined ? undefined : targets.get(BigInt(`0x${target}`));
    const branches = mnemonics.call.test(mnemonic) || mnemonics.jump.test(mnemonic);
    instructions.push(
      `${address}: ${mnemonic} ${branches && name ? `${target} <${name}>` : operands}`.trimEnd(),
    );
    if (name === 'complete' && mnemonics.call.test(mnemonic)) tailCall = false;
    if (name === 'complete' && mnemonics.jump.test(mnemonic)) tailCall = true;
    // The end: a return, or a jump that is one (to complete() or to the return thunk).
    if (mnemonics.ret.test(`${mnemonic} ${operands}`) || mnemonics.jump.test(mnemonic)) break;
  }
  return { tailCall, instructions };
}
