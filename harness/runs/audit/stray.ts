// SPDX-License-Identifier: MIT
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { scanConsole } from '../../console/index.js';
import type { AuditEvidence } from '../../model/audit.js';
import type { RawFinding } from '../../model/finding.js';
import type { Chain } from '../chain.js';
import { type AuditFolder, guestFile, guestFolder } from './audit-folder.js';
import type { AuditLine } from './visits.js';

/** What a guest left that a kill kept from its line: its number, and its files by name. */
export interface UnlistedGuest {
  readonly guest: number;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** The guests whose files are there and whose line is not, by number. */
export async function unlistedGuests(
  folder: AuditFolder,
  { entries }: Chain<AuditLine>,
): Promise<UnlistedGuest[]> {
  const listed = new Set(
    entries.flatMap(({ entry }) =>
      entry.is === 'guest'
        ? Object.keys(entry.files).map((name) => guestFile(entry.guest, name))
        : [],
    ),
  );
  const found: UnlistedGuest[] = [];
  for (const [guest, names] of await guestFiles(folder)) {
    const files = new Map<string, Uint8Array>();
    for (const name of names) {
      if (listed.has(guestFile(guest, name))) continue;
      const content = await folder.readFile(guestFile(guest, name));
      if (content !== null) files.set(name, content);
    }
    if (files.size > 0) found.push({ guest, files });
  }
  return found;
}

/**
 * Crashes that a guest's console shows and that no visit tells of, in words: a kill came between the
 * two, and the visit, made again, did not crash. Where a visit of that module has a crash of the same
 * kind, it tells.
 */
export async function strayCrashes(
  folder: AuditFolder,
  evidence: Pick<AuditEvidence, 'visits' | 'planted'>,
): Promise<string[]> {
  const visits = [...evidence.visits, ...evidence.planted.map(({ visit }) => visit)];
  const proofs = visits.flatMap(({ module, observations }) =>
    observations.flatMap(({ proof }) => (proof === null ? [] : [{ module, proof }])),
  );
  const proven = new Set(proofs.map(({ module, proof }) => crashOf(module, proof.finding)));
  const logs = new Set(proofs.map(({ proof }) => proof.log));
  const found: string[] = [];
  for (const [guest, names] of await guestFiles(folder)) {
    const consoles = await Promise.all(
      names.filter((name) => name.endsWith(CONSOLE)).map((name) => consoleOf(folder, guest, name)),
    );
    for (const { file, module, text } of consoles) {
      const shown = consoles.filter((one) => one.module === module);
      const told = visits.filter((visit) => visit.guest === guest && visit.module === module);
      if (told.length >= shown.length || logs.has(file)) continue;
      for (const crash of scanConsole(text)) {
        if (proven.has(crashOf(module, crash))) continue;
        found.push(`${file} shows "${crash.title}", and no visit tells of it`);
      }
    }
  }
  return found;
}

/** What a visit that is made again has in common with itself; addresses and so titles differ. */
const crashOf = (module: string, { kind, instructionFetch }: RawFinding): string =>
  `${module} ${kind} ${instructionFetch}`;

/** A console of one visit. Which module's it is, vm/guest/audit/visit.c says before it loads it. */
async function consoleOf(folder: AuditFolder, guest: number, name: string) {
  const file = guestFile(guest, name);
  const text = (await folder.readFile(file))?.toString('latin1') ?? '';
  return { file, text, module: /\bdmrace: visit \d+ (\S+)/.exec(text)?.[1] ?? '' };
}

/** The end of the name of a guest's console. */
const CONSOLE = 'console.log';

/** The files of each guest's folder, in the order of their numbers. */
async function guestFiles(folder: AuditFolder): Promise<[guest: number, names: string[]][]> {
  const guests = (await readdir(folder.root))
    .flatMap((name) => /^guest-(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .toSorted((a, b) => a - b);
  return Promise.all(
    guests.map(async (guest): Promise<[number, string[]]> => {
      const names = await readdir(path.join(folder.root, guestFolder(guest))).catch(() => []);
      return [guest, names.toSorted()];
    }),
  );
}
