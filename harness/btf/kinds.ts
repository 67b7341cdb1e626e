// SPDX-License-Identifier: MIT

/** Type data that cannot be read; the message goes on after what it is the data of. */
export class BtfError extends Error {
  override readonly name = 'BtfError';
}

/** Kinds of types (include/uapi/linux/btf.h, v6.12). */
export const KIND = {
  int: 1,
  pointer: 2,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  forward: 7,
  typedef: 8,
  volatile: 9,
  const: 10,
  restrict: 11,
  func: 12,
  prototype: 13,
  variable: 14,
  section: 15,
  float: 16,
  declTag: 17,
  typeTag: 18,
  enum64: 19,
} as const;
/** See {@link KIND}. */
export type Kind = (typeof KIND)[keyof typeof KIND];

/** Names of {@link KIND} by number. */
export const NAMES_OF_KINDS: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(KIND).map(([name, number]) => [number, name]),
);

/** Bytes that follow the 12 that every type has: a fixed part, or one for each of its `vlen`. */
const FIXED: Readonly<Partial<Record<Kind, number>>> = {
  [KIND.int]: 4,
  [KIND.array]: 12,
  [KIND.variable]: 4,
  [KIND.declTag]: 4,
};
const EACH: Readonly<Partial<Record<Kind, number>>> = {
  [KIND.struct]: 12,
  [KIND.union]: 12,
  [KIND.enum]: 8,
  [KIND.prototype]: 8,
  [KIND.section]: 12,
  [KIND.enum64]: 12,
};

/** Documentation/bpf/btf.rst, 2.2: how much follows a type of a kind with so many parts. */
export const trailer = (kind: Kind, parts: number): number =>
  (FIXED[kind] ?? 0) + (EACH[kind] ?? 0) * parts;
