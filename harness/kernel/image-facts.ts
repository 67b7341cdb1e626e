// SPDX-License-Identifier: MIT
import { type FileHandle, open, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Btf } from '../btf/btf.js';
import { findBtf } from '../btf/find.js';
import { BtfError } from '../btf/kinds.js';
import { ElfError } from '../elf/error.js';
import { readHeader, readSections, type Section } from '../elf/object.js';
import { DmraceError, headlineOf, isOfKind } from '../model/errors.js';
import { runTool } from '../util/command.js';
import { scratch } from '../util/scratch.js';
import type { Work } from '../util/work.js';
import { payloadOf, releaseIn } from './boot-image.js';
import { packingOf, UNPACKERS } from './packed.js';

/** What a kernel's image says of itself. */
export interface ImageFacts {
  /** `uname -r`; null where its banner was not found. */
  readonly release: string | null;
  /** Its type data, or why there is none to be had. */
  readonly types:
    | { readonly is: 'btf'; readonly btf: Btf }
    | { readonly is: 'none'; readonly why: string };
}

/**
 * Reads the type data (CONFIG_DEBUG_INFO_BTF) of a kernel out of its image: vmlinuz, bzImage, Image,
 * Image.gz, EFI zboot or vmlinux. It is unpacked into a scratch folder, so that of the 70 MB only
 * what is wanted comes into memory.
 * @throws DmraceError (environment) where the file or a tool cannot be used; AbortError
 */
export async function readImage(work: Pick<Work, 'signal'>, image: string): Promise<ImageFacts> {
  try {
    const { size } = await stat(image);
    if (await isElf(image)) return await ofElf(image);
    const bytes = await readFile(image);
    const place = payloadOf(bytes) ?? { from: 0, to: size };
    const packing = packingOf(bytes.subarray(place.from));
    if (packing === null)
      return place.from === 0 ? ofRaw(bytes) : none('is packed in an unknown way');
    using folder = scratch();
    const packed = path.join(folder.folder, 'packed');
    const kernel = path.join(folder.folder, 'kernel');
    // Behind what is packed stands its size, 4 bytes that are none of the tools' (size_append,
    // scripts/Makefile.lib): xz and gzip leave them out, zstd and lz4 end with an error after all.
    await writeFile(packed, bytes.subarray(place.from, place.to));
    const command = `${UNPACKERS[packing].join(' ')} ${packing === 'xz' ? '--single-stream' : ''} <"$1" >"$2"`;
    const failed = await runTool('sh', ['-c', command, 'sh', packed, kernel], {
      signal: work.signal,
    }).then(
      () => null,
      (error: unknown) => {
        if (isOfKind(error, 'tool-failed')) return error;
        throw error;
      },
    );
    if ((await stat(kernel)).size < bytes.length) {
      return none(`cannot be unpacked: ${failed === null ? 'too small' : failed.facts.observed}`);
    }
    return (await isElf(kernel)) ? await ofElf(kernel) : ofRaw(await readFile(kernel));
  } catch (error) {
    if (error instanceof BtfError) return none(`has type data that ${error.message}`);
    if (error instanceof ElfError) return none(error.message);
    if (error instanceof DmraceError || !(error instanceof Error) || error.name === 'AbortError') {
      throw error;
    }
    throw new DmraceError('environment', {
      observed: `${image} cannot be read: ${headlineOf(error)}`,
      artefact: image,
      action: 'name a kernel’s image',
    });
  }
}

const none = (why: string, release: string | null = null): ImageFacts => ({
  release,
  types: { is: 'none', why },
});

function ofRaw(bytes: Buffer): ImageFacts {
  const btf = findBtf(bytes);
  const release = releaseIn(bytes);
  return btf === null ? none(NO_BTF, release) : { release, types: { is: 'btf', btf } };
}

const NO_BTF = 'has no type data (CONFIG_DEBUG_INFO_BTF)';

async function isElf(file: string): Promise<boolean> {
  await using handle = await open(file);
  const { buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
  return buffer.toString('latin1', 1, 4) === 'ELF';
}

/** Reads two sections of a vmlinux, which with debug data may have a gigabyte. */
async function ofElf(file: string): Promise<ImageFacts> {
  await using handle = await open(file);
  const { table } = readHeader(await part(handle, 0, 64));
  const headers = await part(handle, table.offset, table.size);
  const named = readSections(headers, { ...table, names: 0xffff }, () => Buffer.alloc(0));
  const strings = named[table.names];
  const names = strings === undefined ? Buffer.alloc(0) : await contentOf(handle, strings);
  const sections = readSections(headers, table, () => names);
  const find = (name: string): Section | undefined => sections.find((one) => one.name === name);
  const [types, rodata] = [find('.BTF'), find('.rodata')];
  const release = rodata === undefined ? null : releaseIn(await contentOf(handle, rodata));
  if (types === undefined || types.size === 0) return none(NO_BTF, release);
  return { release, types: { is: 'btf', btf: new Btf(await contentOf(handle, types)) } };
}

const contentOf = (file: FileHandle, { offset, size }: Pick<Section, 'offset' | 'size'>) =>
  part(file, offset, size);

async function part(file: FileHandle, from: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, from);
  if (bytesRead === length) return buffer;
  throw new ElfError(`is cut short: it ends at byte ${from + bytesRead} of ${from + length}`);
}
