// SPDX-License-Identifier: MIT
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { DmraceError } from '../model/errors.js';

/** A packed log may expand to this much; more is taken for a mistake or a trap. */
export const MAX_EXPANDED = 4 * 1024 ** 3;

/** Where a log comes from, and what is to be said of it besides its findings. */
export interface Source {
  readonly name: string;
  readonly warn: (text: string) => void;
  /** See {@link MAX_EXPANDED}. */
  readonly limit?: number;
}

type Bytes = AsyncIterable<Uint8Array>;

/** Formats that are not read, by the bytes they begin with, and what unpacks them. */
const FOREIGN: readonly (readonly [magic: string, is: string, action: string])[] = [
  ['28b52ffd', 'packed with zstd', 'Unpack it: `zstd -dc FILE | dmrace scan`.'],
  ['fd377a585a00', 'packed with xz', 'Unpack it: `xz -dc FILE | dmrace scan`.'],
  ['5d00008000', 'packed with lzma', 'Unpack it: `xz -dc --format=lzma FILE | dmrace scan`.'],
  ['425a68', 'packed with bzip2', 'Unpack it: `bzip2 -dc FILE | dmrace scan`.'],
  ['04224d18', 'packed with lz4', 'Unpack it: `lz4 -dc FILE | dmrace scan`.'],
  ['894c5a4f', 'packed with lzop', 'Unpack it: `lzop -dc FILE | dmrace scan`.'],
  ['1f9d', 'packed with compress', 'Unpack it: `gzip -dc FILE | dmrace scan`.'],
  ['504b0304', 'a zip archive', 'Unpack it: `unzip -p FILE | dmrace scan`.'],
  ['377abcaf271c', 'a 7z archive', 'Unpack it: `7z x -so FILE | dmrace scan`.'],
  ['7f454c46', 'an ELF file', 'For a vmcore: `makedumpfile --dump-dmesg FILE LOG`, then scan LOG.'],
  ['4b44554d50202020', 'a kdump', 'Take the log out: `makedumpfile --dump-dmesg FILE LOG`.'],
  ['4c504b5348485248', 'a journal', 'Print it: `journalctl -k --file FILE | dmrace scan`.'],
  ['d4c3b2a1', 'a packet capture', 'Give the text that netconsole received.'],
  ['514649fb', 'a disk image', 'Give the log that is in it.'],
];

/** Enough to know any of the formats. */
const MAGIC = 16;
/** Below this nothing is said about what else it may be. */
const ENOUGH = 512;

/** The log's text as bytes: unpacked from gzip and turned from UTF-16 into UTF-8 where need be. */
export async function* decoded(from: Bytes, source: Source): AsyncGenerator<Uint8Array> {
  const [head, all] = await peek(from);
  if (head.length >= 2 && head[0] === 0x1f && head[1] === 0x8b) {
    yield* decoded(bounded(gunzip(all, source), source), source);
    return;
  }
  const utf16 = utf16Of(head);
  if (utf16 !== undefined) {
    yield* bounded(toUtf8(all, utf16), source);
    return;
  }
  refuseForeign(head, source);
  // A mark of the encoding is not part of the first line.
  yield* hasUtf8Mark(head) ? withoutMark(all) : all;
}

/** The first bytes, and the whole again. */
async function peek(from: Bytes): Promise<[Buffer, Bytes]> {
  const iterator = from[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  let size = 0;
  while (size < MAGIC) {
    const next = await iterator.next();
    if (next.done === true) break;
    const chunk = typeof next.value === 'string' ? Buffer.from(next.value) : next.value;
    first.push(chunk);
    size += chunk.length;
  }
  async function* whole(): AsyncGenerator<Uint8Array> {
    yield* first;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next())
      yield next.value;
  }
  return [Buffer.concat(first), whole()];
}

/** A log that was cut off while it was packed is read as far as it goes. */
async function* gunzip(from: Bytes, { name, warn }: Source): AsyncGenerator<Uint8Array> {
  const packed = Readable.from(from);
  const plain = packed.pipe(createGunzip());
  packed.on('error', (error) => plain.destroy(error));
  try {
    for await (const chunk of plain) yield chunk;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'Z_BUF_ERROR') {
      warn(`${name}: the gzip data ends early; what there is was scanned\n`);
      return;
    }
    if (typeof code !== 'string' || !code.startsWith('Z_')) throw error;
    throw new DmraceError('environment', {
      observed: `${name}: the gzip data is damaged (${code})`,
      artefact: name,
      action: 'Fetch it again, or scan what `gzip -dc` still gives.',
    });
  }
}

async function* bounded(from: Bytes, { name, limit = MAX_EXPANDED }: Source): Bytes {
  let size = 0;
  for await (const chunk of from) {
    size += chunk.length;
    if (size > limit) {
      throw new DmraceError('usage', {
        observed: `${name} expands to more than is read of a packed log`,
        limit: `${limit} bytes`,
        artefact: name,
        action: 'Unpack it, and give the part that matters.',
      });
    }
    yield chunk;
  }
}

/** By its mark, else by every second byte of ASCII text being nought. */
function utf16Of(head: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  const pairs = Math.min(head.length, 64) >> 1;
  if (pairs < 4) return undefined;
  const text = (odd: 0 | 1): boolean => {
    for (let i = 0; i < pairs; i++) {
      const letter = head[2 * i + odd] ?? 0;
      if (head[2 * i + 1 - odd] !== 0 || letter === 0 || letter > 0x7e) return false;
    }
    return true;
  };
  if (text(0)) return 'utf-16le';
  return text(1) ? 'utf-16be' : undefined;
}

async function* toUtf8(from: Bytes, encoding: 'utf-16le' | 'utf-16be'): Bytes {
  const decoder = new TextDecoder(encoding);
  for await (const chunk of from) yield Buffer.from(decoder.decode(chunk, { stream: true }));
  yield Buffer.from(decoder.decode());
}

const hasUtf8Mark = (head: Buffer): boolean =>
  head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf;

async function* withoutMark(from: Bytes): Bytes {
  let skip = 3;
  for await (const chunk of from) {
    yield chunk.subarray(Math.min(skip, chunk.length));
    skip -= Math.min(skip, chunk.length);
  }
}

function refuseForeign(head: Buffer, { name }: Source): void {
  const hex = head.toString('hex', 0, MAGIC);
  const foreign = FOREIGN.find(([magic]) => hex.startsWith(magic));
  const file = name === '-' ? 'standard input' : name;
  if (foreign !== undefined) {
    throw new DmraceError('usage', {
      observed: `${file} is ${foreign[1]}, not a text log`,
      artefact: name,
      action: foreign[2].replaceAll('FILE', name === '-' ? 'FILE' : name),
    });
  }
  if (!isBinary(head)) return;
  throw new DmraceError('usage', {
    observed: `${file} is binary, not a text log`,
    artefact: name,
    action: 'Give the log as text; `strings FILE | dmrace scan` takes text out of anything.',
  });
}

/**
 * Whether it is nothing like text. A serial line garbles some of a log, and a crashed machine
 * leaves a file with a hole of noughts in it: those are logs all the same.
 */
function isBinary(head: Buffer): boolean {
  let strange = 0;
  let seen = 0;
  for (const byte of head) {
    if (byte === 0) continue;
    seen++;
    const blank = byte === 9 || byte === 10 || byte === 13 || byte === 27;
    if ((byte < 0x20 && !blank) || byte >= 0x7f) strange++;
  }
  return seen >= ENOUGH && strange > seen * 0.4 && !isUtf8(head);
}

/** Text in a script of its own has many bytes above ASCII, but valid ones. */
function isUtf8(head: Buffer): boolean {
  const text = new TextDecoder().decode(head.subarray(0, Math.max(0, head.length - 4)));
  const broken = text.split('\ufffd').length - 1;
  return broken * 20 < text.length;
}
