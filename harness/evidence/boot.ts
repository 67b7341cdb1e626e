// SPDX-License-Identifier: MIT
import { LRUCache } from 'lru-cache';
import { PLACEMENTS } from '../model/placement.js';
import { type Layout, layoutOf } from './layout.js';
import { type ReadRecords, readRecords } from './records.js';

/** What a guest said before it was ready, read. */
export interface BootEvidence extends ReadRecords {
  /** Where the suspect lies: nothing is loaded between `ready` and the trial. */
  readonly layout: Layout;
}

/**
 * The restored trials of a placement share one boot, and its thousand records are most of what a
 * trial has to be read: they are read once.
 */
const boots = new LRUCache<string, BootEvidence>({ max: 2 * PLACEMENTS.length });
const texts = new LRUCache<string, ReadRecords>({ max: 2 * PLACEMENTS.length });

/** The records of a boot, of which it is not asked where a module lies; see {@link readBoot}. */
export function readBootRecords(text: string): ReadRecords {
  const known = texts.get(text);
  if (known) return known;
  const read = readRecords(text);
  texts.set(text, read);
  return read;
}

/**
 * Reads the records of a boot. Pure: the same text gives the same evidence, which is not to be changed.
 * @param module the one whose place is asked about
 */
export function readBoot(text: string, module: string): BootEvidence {
  const key = `${module}\n${text}`;
  const known = boots.get(key);
  if (known) return known;
  const read = readBootRecords(text);
  const boot = { ...read, layout: layoutOf(read.records, module) };
  boots.set(key, boot);
  return boot;
}
