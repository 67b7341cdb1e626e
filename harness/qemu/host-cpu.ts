// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { release } from 'node:os';

/**
 * The lines of /proc/cpuinfo that tell what a guest with `-cpu host` sees: x86's (Linux 6.1,
 * arch/x86/kernel/cpu/proc.c, show_cpuinfo()) and arm64's (arch/arm64/kernel/cpuinfo.c, c_show()).
 * Clock rates, loads of the scheduler and numbers of processors are not among them.
 */
const TELLING: ReadonlySet<string> = new Set([
  ...['vendor_id', 'cpu family', 'model', 'model name', 'stepping', 'microcode', 'flags'],
  ...['vmx flags', 'bugs'],
  ...['Features', 'CPU implementer', 'CPU architecture', 'CPU variant', 'CPU part', 'CPU revision'],
]);

/** What of a host's processors a guest sees, one `name: value` each; hosts may have several kinds. */
export function cpuFacts(cpuinfo: string): readonly string[] {
  const facts = cpuinfo.split('\n').flatMap((line) => {
    const [, name = '', value = ''] = /^([^:]*?)\s*:\s*(.*)$/.exec(line) ?? [];
    return TELLING.has(name) ? [`${name}: ${value.trimEnd()}`] : [];
  });
  return [...new Set(facts)].sort();
}

/**
 * What a guest under KVM with `-cpu host` is made of besides its command line. A guest that was
 * saved on another processor is taken by QEMU without a word; where that one has features that this
 * one lacks it may reset (with QEMU 7.2 a state of the model EPYC ran on max, which has more). The
 * host's kernel decides which features and MSRs KVM lets through.
 */
export async function hostFacts(): Promise<readonly string[]> {
  const cpuinfo = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  return [...cpuFacts(cpuinfo), `host kernel: ${release()}`];
}
