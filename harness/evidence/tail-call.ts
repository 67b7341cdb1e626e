// SPDX-License-Identifier: MIT
/** What the release method's machine code does with the function that it ends in. */
export interface TailCall {
  /** True for a jump to that function, false for a call; null when neither was found. */
  readonly tailCall: boolean | null;
  /** The function's instructions, one a line, up to its end. */
  readonly instructions: readonly string[];
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
 * Reads objdump's disassembly of the booted bytes at the release method and tells whether a function
 * is called or jumped to.
 * @param targets names of addresses: that function's, and of thunks
 * @param callee the function, e.g. `complete`
 */
export function readTailCall(
  disassembly: string,
  mnemonics: CallMnemonics,
  targets: ReadonlyMap<bigint, string>,
  callee: string,
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
    if (name === callee && mnemonics.call.test(mnemonic)) tailCall = false;
    if (name === callee && mnemonics.jump.test(mnemonic)) tailCall = true;
    // The end: a return, or a jump that is one (to that function or to the return thunk).
    if (mnemonics.ret.test(`${mnemonic} ${operands}`) || mnemonics.jump.test(mnemonic)) break;
  }
  return { tailCall, instructions };
}
