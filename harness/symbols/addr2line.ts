// SPDX-License-Identifier: MIT
import { execa } from 'execa';
import { DmraceError } from '../model/errors.js';

/** The two tools that read DWARF; the first that is installed is used. */
const TOOLS = ['addr2line', 'llvm-symbolizer'] as const;

/**
 * Says where `function+0xoffset` is in the source: lines `function+0xoffset  file:line`, one for
 * each place that has debug information. The function's address is looked up in the ELF's own
 * symbol table, so that a relocated kernel (KASLR) needs no offset.
 */
export async function symbolize(elf: string, places: readonly string[]): Promise<string[]> {
  const wanted = places.map((p) => /^([\w$.]+)\+0x([0-9a-f]+)/.exec(p)).filter((m) => m !== null);
  if (wanted.length === 0) return [];
  const starts = await functionStarts(elf, new Set(wanted.map((m) => m[1] ?? '')));
  const known = wanted.flatMap((m) => {
    const start = starts.get(m[1] ?? '');
    return start === undefined ? [] : [{ place: m[0], address: start + BigInt(`0x${m[2]}`) }];
  });
  if (known.length === 0) return [];
  const sources = await sourceLines(
    elf,
    known.map((k) => k.address),
  );
  return known.flatMap((k, i) => {
    const source = sources[i];
    return source === undefined || source.startsWith('??') ? [] : [`${k.place}  ${source}`];
  });
}

async function functionStarts(
  elf: string,
  names: ReadonlySet<string>,
): Promise<Map<string, bigint>> {
  const listed = await execa('nm', ['--defined-only', elf], {
    reject: false,
    maxBuffer: 256 << 20,
  });
  if (listed.exitCode !== 0) {
    throw new DmraceError('environment', {
      observed: `nm cannot read ${elf}: ${listed.stderr || (listed.shortMessage ?? 'it failed')}`,
      artefact: elf,
      action: 'Give an ELF file with symbols (vmlinux, not vmlinuz), and install binutils.',
    });
  }
  const starts = new Map<string, bigint>();
  for (const line of listed.stdout.split('\n')) {
    const [address, , name] = line.split(' ');
    if (address && name && names.has(name) && !starts.has(name))
      starts.set(name, BigInt(`0x${address}`));
  }
  return starts;
}

async function sourceLines(elf: string, addresses: readonly bigint[]): Promise<string[]> {
  const hex = addresses.map((a) => `0x${a.toString(16)}`);
  for (const tool of TOOLS) {
    const args =
      tool === 'addr2line'
        ? ['-e', elf, ...hex]
        : ['-e', elf, '--output-style=GNU', '-f=none', '-i=false', ...hex];
    const run = await execa(tool, args, { reject: false });
    if (run.exitCode === 0)
      return run.stdout.split('\n').map((l) => l.replace(/ \(discriminator \d+\)$/, ''));
  }
  throw new DmraceError('environment', {
    observed: `none of ${TOOLS.join(', ')} could read ${elf}`,
    artefact: elf,
    action: 'Install binutils or llvm.',
  });
}
