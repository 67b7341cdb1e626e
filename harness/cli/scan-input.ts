// SPDX-License-Identifier: MIT
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { parseSymbolMap, SymbolTable } from '../console/index.js';
import { DmraceError } from '../model/errors.js';
import { decoded } from './scan-decode.js';

/** Where `scan` reads and writes; the process's own unless a test says otherwise. */
export interface ScanStreams {
  readonly stdin: Readable;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
}

/** Opens a log, whatever it is encoded in; `-` is standard input. Errors of reading it name it. */
export async function openLog(
  name: string,
  stdin: Readable,
  warn: (text: string) => void,
): Promise<AsyncIterable<Uint8Array>> {
  const log = name === '-' ? stdin : await opened(name);
  return decoded(named(log, name), { name, warn });
}

async function* named(log: Readable, name: string): AsyncGenerator<Uint8Array> {
  try {
    yield* log;
  } catch (error) {
    unreadable(name === '-' ? 'standard input' : name, error);
  }
}

async function opened(name: string): Promise<Readable> {
  const info = await stat(name).catch((error: unknown) => unreadable(name, error));
  if (info.isDirectory()) unreadable(name, new Error('it is a directory'));
  const stream = createReadStream(name, { highWaterMark: 1 << 15 });
  await new Promise<void>((resolve, reject) => {
    stream.once('open', () => resolve());
    stream.once('error', reject);
  }).catch((error: unknown) => unreadable(name, error));
  return stream;
}

/** @throws DmraceError (environment) that names what cannot be read */
export function unreadable(name: string, error: unknown): never {
  const why = error instanceof Error ? error.message : String(error);
  throw new DmraceError('environment', {
    observed: `${name} cannot be read: ${why}`,
    artefact: name,
    action: 'Give the path of a log file, or pipe the log to standard input.',
  });
}

/** Reads what `--system-map` names. */
export async function readTable(name: string | undefined): Promise<SymbolTable | undefined> {
  if (name === undefined) return undefined;
  const text = await readFile(name, 'latin1').catch((error: unknown) => unreadable(name, error));
  return new SymbolTable(parseSymbolMap(text));
}
