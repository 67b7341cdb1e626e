// SPDX-License-Identifier: MIT
import type { Btf } from './btf.js';
import { BtfError, KIND } from './kinds.js';

const SKIPPED: ReadonlySet<number> = new Set([
  KIND.typedef,
  KIND.volatile,
  KIND.const,
  KIND.restrict,
  KIND.typeTag,
]);

/** Names and qualifiers in a row; of a kernel's types none has ten. */
const MAX_NAMES = 100;
/** Pointers to pointers and prototypes within prototypes that are followed. */
const MAX_DEPTH = 16;

/**
 * The type without qualifiers, tags and names that stand for another type.
 * @throws BtfError where they stand for each other, which only damaged data has
 */
export function bare(btf: Btf, id: number): number {
  let at = id;
  for (let steps = 0; SKIPPED.has(btf.kind(at)); steps++) {
    if (steps > MAX_NAMES) throw new BtfError(`has a type ${id} that stands for itself`);
    at = btf.sizeOrType(at);
  }
  return at;
}

const isStruct = (kind: number): boolean =>
  kind === KIND.struct || kind === KIND.union || kind === KIND.forward;

/**
 * Whether two types are the same to a caller: structs and enums by name (a forward declaration is
 * its struct), pointers and prototypes by their parts, qualifiers left out. The two may lie in the
 * data of different files, which is why no ids are compared.
 */
export function sameType(a: Btf, idA: number, b: Btf, idB: number, depth = 0): boolean {
  if (depth > MAX_DEPTH) return false;
  const [x, y] = [bare(a, idA), bare(b, idB)];
  const [kind, other] = [a.kind(x), b.kind(y)];
  if (isStruct(kind) && isStruct(other)) return a.name(x) !== '' && a.name(x) === b.name(y);
  if (kind !== other) return false;
  switch (kind) {
    case 0:
      return true;
    case KIND.pointer:
      return sameType(a, a.sizeOrType(x), b, b.sizeOrType(y), depth + 1);
    case KIND.prototype:
      return samePrototype(a, x, b, y, depth + 1);
    case KIND.int:
    case KIND.float:
    case KIND.enum:
    case KIND.enum64:
      return a.name(x) === b.name(y) && a.sizeOrType(x) === b.sizeOrType(y);
    default:
      return false; // an array is no parameter, and the rest is no type of a value
  }
}

function samePrototype(a: Btf, x: number, b: Btf, y: number, depth: number): boolean {
  if (!sameType(a, a.sizeOrType(x), b, b.sizeOrType(y), depth)) return false;
  const [left, right] = [a.parameters(x), b.parameters(y)];
  return (
    left.length === right.length &&
    left.every((type, i) => sameType(a, type, b, right[i] ?? 0, depth))
  );
}

/** The prototype behind a pointer to a function; null for every other type. */
export function pointedPrototype(btf: Btf, id: number): number | null {
  const pointer = bare(btf, id);
  if (btf.kind(pointer) !== KIND.pointer) return null;
  const prototype = bare(btf, btf.sizeOrType(pointer));
  return btf.kind(prototype) === KIND.prototype ? prototype : null;
}

/** A member of a struct, named by a path such as `dev.release`, and where it lies. */
export interface PlacedMember {
  /** Bytes from the start of the outermost struct. */
  readonly offset: number;
  /** Id of its type. */
  readonly type: number;
}

/** Finds a member; what lies in unnamed structs and unions within is found too, as in C. */
export function memberOf(btf: Btf, struct: number, path: string, depth = 0): PlacedMember | null {
  const [first = '', ...rest] = path.split('.');
  const id = bare(btf, struct);
  const kind = btf.kind(id);
  if ((kind !== KIND.struct && kind !== KIND.union) || depth > MAX_DEPTH) return null;
  for (const member of btf.members(id)) {
    const within =
      member.name === ''
        ? memberOf(btf, member.type, path, depth + 1)
        : member.name !== first
          ? null
          : rest.length === 0
            ? { offset: 0, type: member.type }
            : memberOf(btf, member.type, rest.join('.'), depth + 1);
    if (within) return { ...within, offset: member.bits / 8 + within.offset };
  }
  return null;
}
