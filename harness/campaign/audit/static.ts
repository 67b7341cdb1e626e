// SPDX-License-Identifier: MIT
import path from 'node:path';
import { type KernelTypes, kernelTypes } from '../../audit/static/layout.js';
import { memberName } from '../../audit/static/methods.js';
import { readModule } from '../../audit/static/module.js';
import { BtfError } from '../../btf/kinds.js';
import { type ImageFacts, readImage } from '../../kernel/image-facts.js';
import { listModules, moduleNameOf, readModules } from '../../kernel/module-files.js';
import type { StaticModule } from '../../model/audit.js';
import type { Work } from '../../util/work.js';

/** Which modules are read, and what is known of their kernel. */
export interface StaticRequest {
  /** Folder of the modules: /lib/modules/RELEASE, or any with .ko files. */
  readonly modules: string;
  /** The kernel's image; null where there is none: then everything said is a `hint`. */
  readonly image: string | null;
  /** Names of the modules that are wanted, `-` or `_`; all without. */
  readonly only?: readonly string[];
  /** Files of --module, which lie anywhere: read besides, whatever is wanted of the kernel's. */
  readonly own?: readonly string[];
}

/** A file that was not read, and why; the sentence goes on after its name. */
export interface UnreadModule {
  readonly file: string;
  readonly why: string;
}

/** What the static part of an audit saw. */
export interface StaticAudit {
  /** Every module that was read, those without a sign too. */
  readonly modules: readonly StaticModule[];
  readonly unread: readonly UnreadModule[];
  /** Names of `only` that no file has. */
  readonly missing: readonly string[];
  /** `uname -r`, as far as the image says. */
  readonly release: string | null;
  /** Why the sound route could not be gone; null where it was. */
  readonly weak: string | null;
  /** Members that this kernel's structs do not have, such as `class.class_release`. */
  readonly absent: readonly string[];
}

/**
 * The static part: reads every module of a kernel, one after the other.
 * @throws DmraceError (inconclusive) for a folder without modules; (environment) for an image that
 *   cannot be read or a tool that is missing; AbortError after an interrupt.
 */
export async function auditStatic(work: Work, request: StaticRequest): Promise<StaticAudit> {
  const listed = await listModules(request.modules);
  const wanted = request.only?.map((name) => name.replaceAll('-', '_'));
  const { own = [] } = request;
  const owned = new Set(own.map(moduleNameOf));
  const has = new Set([...listed.map(moduleNameOf), ...owned]);
  // Of a name that is given as a file, the file is meant.
  const isWanted = (name: string): boolean =>
    wanted === undefined || (wanted.includes(name) && !owned.has(name));
  const files = listed.filter((file) => isWanted(moduleNameOf(file)));
  const facts = request.image === null ? null : await readImage(work, request.image);
  const { types, weak } = typesOf(facts);
  const kernel = {
    release: facts?.release ?? null,
    machine: work.arch.gdb.elfMachine,
    types,
  };
  const modules: StaticModule[] = [];
  const unread: UnreadModule[] = [];
  const sources = [
    { folder: request.modules, files },
    ...own.map((file) => ({ folder: path.dirname(file), files: [path.basename(file)] })),
  ];
  for (const source of sources) {
    for await (const file of readModules(work, source.folder, source.files)) {
      const reading = file.is === 'read' ? readModule(file.bytes, kernel) : file;
      if (reading.is === 'unreadable') unread.push({ file: file.file, why: reading.why });
      else {
        modules.push({
          module: reading.name ?? moduleNameOf(file.file),
          file: file.file,
          signs: reading.signs,
        });
      }
    }
  }
  return {
    modules,
    unread,
    missing: wanted?.filter((name) => !has.has(name)) ?? [],
    release: kernel.release,
    weak,
    absent: types?.absent.map(memberName) ?? [],
  };
}

/** What is known of the kernel's types, or why nothing is. */
function typesOf(facts: ImageFacts | null): Pick<StaticAudit, 'weak'> & {
  readonly types: KernelTypes | null;
} {
  if (facts === null) return { types: null, weak: 'no image was given' };
  if (facts.types.is === 'none') return { types: null, weak: `the image ${facts.types.why}` };
  try {
    return { types: kernelTypes(facts.types.btf), weak: null };
  } catch (error) {
    if (!(error instanceof BtfError)) throw error;
    return { types: null, weak: `the image has type data that ${error.message}` };
  }
}
