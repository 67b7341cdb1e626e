// SPDX-License-Identifier: MIT
import { scanConsole } from '../../console/index.js';
import type { GonePlace } from '../../model/audit.js';
import type { RawFinding } from '../../model/finding.js';
import { type GoneMemory, placeOf } from './places.js';

/** A crash that touched a module that was gone, and which proof it came with. */
export interface VisitCrash {
  readonly finding: RawFinding;
  readonly place: GonePlace;
  /** Number of the thing that was made to happen; null for a crash that came by itself. */
  readonly during: number | null;
}

const toAddress = (digits: string | undefined): bigint | null =>
  digits !== undefined && /^[0-9a-f]{1,16}$/.test(digits) ? BigInt(`0x${digits}`) : null;

/** The address in gone memory that a crash touched: its own instruction, or what it accessed. */
function touchedPlace(finding: RawFinding, memory: GoneMemory): GonePlace | null {
  if (finding.touched.is !== 'gone') return null;
  const { how } = finding.touched;
  const pc = toAddress(finding.address);
  const fault = toAddress(finding.faultAddress);
  const trap = how === 'fetch' && finding.family === 'x86-trap' && pc !== null ? pc - 1n : pc;
  const address = how === 'fetch' ? (trap ?? fault) : fault;
  return address === null ? null : placeOf(memory, address);
}

const MARK = /dmrace: (proof|proved) (\d+) (\d+)/g;

/** The console between two marks, and the proof that was going on. */
function pieces(text: string, visit: number): { text: string; during: number | null }[] {
  const found: { text: string; during: number | null }[] = [];
  let at = 0;
  let during: number | null = null;
  for (const mark of text.matchAll(MARK)) {
    if (Number(mark[2]) !== visit) continue;
    found.push({ text: text.slice(at, mark.index), during });
    at = mark.index;
    during = mark[1] === 'proof' ? Number(mark[3]) : null;
  }
  return [...found, { text: text.slice(at), during }];
}

/**
 * The crashes of one visit that touched memory of a module that was gone. A proof's are those
 * between its two marks, since the kernel's log is printed in order.
 * @param text the console from the visit's mark on
 */
export function visitCrashes(text: string, visit: number, memory: GoneMemory): VisitCrash[] {
  return pieces(text, visit).flatMap((piece) =>
    scanConsole(piece.text, { modules: memory.sections }).flatMap((finding) => {
      const place = touchedPlace(finding, memory);
      return place === null ? [] : [{ finding, place, during: piece.during }];
    }),
  );
}
