// SPDX-License-Identifier: MIT
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { DmraceError, headlineOf, isOfKind } from '../model/errors.js';
import { runTool } from '../util/command.js';
import { scratch } from '../util/scratch.js';
import type { Work } from '../util/work.js';
import { type Packing, packingOf, UNPACKERS, unpackedSize } from './packed.js';

const SUFFIX = /\.ko(\.xz|\.zst|\.gz)?$/;
/** Unpacked at once: a process for each of 4,000 files would take most of the time. */
const BATCH_BYTES = 16 << 20;
const BATCH_FILES = 256;

/** A module's name as the kernel writes it, from that of its file. */
export const moduleNameOf = (file: string): string =>
  path.basename(file).replace(SUFFIX, '').replaceAll('-', '_');

/** One module's file, unpacked, or why it could not be. */
export type ModuleFile =
  | { readonly is: 'read'; readonly file: string; readonly bytes: Buffer }
  | { readonly is: 'unreadable'; readonly file: string; readonly why: string };

/** A compressed file that waits for others of its kind. */
interface Waiting {
  readonly file: string;
  readonly packing: Packing;
  /** Null where the file does not tell: then it is unpacked alone. */
  readonly size: number | null;
}

/**
 * The files of all modules below a folder, relative to it, sorted.
 * @throws DmraceError (inconclusive) where there is none
 */
export async function listModules(folder: string): Promise<string[]> {
  const files = await readdir(folder, { recursive: true }).catch((error: unknown) => error);
  const found = Array.isArray(files)
    ? files.filter((file: string) => SUFFIX.test(file)).sort()
    : [];
  if (found.length > 0) return found;
  throw new DmraceError('inconclusive', {
    observed: Array.isArray(files)
      ? `${folder} holds no module (*.ko, *.ko.xz, *.ko.zst, *.ko.gz)`
      : `${folder} cannot be read: ${headlineOf(files)}`,
    artefact: folder,
    action: 'name the folder of a kernel’s modules, such as /lib/modules/RELEASE',
  });
}

/**
 * Reads modules one after the other, unpacked; at most one batch of them is in memory.
 * @param folder what the files are relative to
 * @throws DmraceError (environment) when the tool that unpacks them cannot be run; AbortError
 */
export async function* readModules(
  work: Pick<Work, 'signal'>,
  folder: string,
  files: readonly string[],
): AsyncGenerator<ModuleFile> {
  let batch: Waiting[] = [];
  let bytesWaiting = 0;
  for (const file of files) {
    work.signal.throwIfAborted();
    const content = await readFile(path.join(folder, file)).catch((error: unknown) => error);
    if (!Buffer.isBuffer(content)) {
      yield { is: 'unreadable', file, why: `cannot be read: ${headlineOf(content)}` };
      continue;
    }
    const packing = packingOf(content);
    if (packing === null) {
      yield { is: 'read', file, bytes: content };
      continue;
    }
    const size = unpackedSize(packing, content);
    const first = batch[0];
    const fits = size !== null && first?.packing === packing && batch.length < BATCH_FILES;
    if (first && !(fits && bytesWaiting + size <= BATCH_BYTES)) {
      yield* unpack(work, folder, batch);
      [batch, bytesWaiting] = [[], 0];
    }
    batch.push({ file, packing, size });
    bytesWaiting += size ?? BATCH_BYTES;
  }
  yield* unpack(work, folder, batch);
}

/** Unpacks files of one kind with one tool, which writes them one behind the other. */
async function* unpack(
  work: Pick<Work, 'signal'>,
  folder: string,
  batch: readonly Waiting[],
): AsyncGenerator<ModuleFile> {
  const [first] = batch;
  if (first === undefined) return;
  const names = batch.map(({ file }) => file);
  const bytes = await unpacked(work, folder, UNPACKERS[first.packing], names);
  const whole = batch.reduce((sum, { size }) => sum + (size ?? 0), 0);
  const alone = batch.length === 1;
  if (Buffer.isBuffer(bytes) && (alone || bytes.length === whole)) {
    let at = 0;
    for (const { file, size } of batch) {
      const end = alone ? bytes.length : at + (size ?? 0);
      yield { is: 'read', file, bytes: bytes.subarray(at, end) };
      at = end;
    }
    return;
  }
  if (alone) {
    const why = Buffer.isBuffer(bytes) ? 'tells a wrong size' : lastLine(bytes);
    yield { is: 'unreadable', file: first.file, why: `cannot be unpacked: ${why}` };
    return;
  }
  // One of them is damaged: only alone does it show which.
  for (const one of batch) yield* unpack(work, folder, [one]);
}

/**
 * What the tool writes, through a file: a pipe takes twice the CPU time of xz itself (bench/). What
 * the tool has against one of the files is returned.
 */
async function unpacked(
  work: Pick<Work, 'signal'>,
  folder: string,
  tool: readonly string[],
  names: readonly string[],
): Promise<Buffer | DmraceError> {
  using space = scratch();
  const target = path.join(space.folder, 'modules');
  const script = 'out=$1; shift; exec "$@" >"$out"';
  const args = ['-c', script, 'sh', target, ...tool, '--', ...names];
  try {
    await runTool('sh', args, { signal: work.signal, cwd: folder });
  } catch (error) {
    if (isOfKind(error, 'tool-failed') && !/exit code 12[67]/.test(error.message)) return error;
    throw error;
  }
  return await readFile(target); // before the folder goes
}

const lastLine = (error: unknown): string =>
  (error instanceof DmraceError ? error.facts.observed : String(error))
    .trim()
    .split('\n')
    .at(-1)
    ?.trim() ?? '';
