// SPDX-License-Identifier: MIT

/**
 * Finds, at a few CPU cycles a byte, whether a line holds any of a fixed set of strings.
 *
 * A kernel log is nearly all ordinary lines, so everything else (decoding, regular expressions)
 * is done only for the lines that this lets through. It is an Aho-Corasick automaton made into a
 * full table: one lookup a byte, whatever the number of strings, and no backtracking.
 */
export interface Prefilter {
  /** Next state, indexed by `state * classes + classOf[byte]`, already multiplied by `classes`. */
  readonly next: Uint16Array | Uint32Array;
  /** Class of each byte: bytes that no string contains share class 0. */
  readonly classOf: Uint8Array;
  readonly classes: number;
  /** States from this number (multiplied) on mean that a string has just ended. */
  readonly firstHit: number;
  /** Which strings end in a state (multiplied). */
  readonly endsIn: ReadonlyMap<number, readonly string[]>;
}

interface Node {
  readonly edges: Map<number, Node>;
  fail: Node | undefined;
  /** The strings that end here, those that are another's ending too. */
  readonly ends: string[];
  id: number;
}

const node = (): Node => ({ edges: new Map(), fail: undefined, ends: [], id: 0 });

/** Builds the table for ASCII strings. */
export function buildPrefilter(strings: readonly string[]): Prefilter {
  const classOf = new Uint8Array(256);
  let classes = 1;
  const root = node();
  const all = [root];
  for (const text of strings) {
    let at = root;
    for (let i = 0; i < text.length; i++) {
      const byte = text.charCodeAt(i) & 0xff;
      if (classOf[byte] === 0) classOf[byte] = classes++;
      let to = at.edges.get(byte);
      if (to === undefined) {
        to = node();
        at.edges.set(byte, to);
        all.push(to);
      }
      at = to;
    }
    if (at !== root) at.ends.push(text);
  }
  linkFailures(root);
  // Hits are numbered last, so that one comparison tells them.
  const isHit = (n: Node): boolean => n.ends.length > 0;
  const order = [...all.filter((n) => !isHit(n)), ...all.filter(isHit)];
  order.forEach((n, id) => {
    n.id = id;
  });
  const size = order.length * classes;
  // The smaller the table, the more of it stays in the CPU's nearest cache.
  const next = size < 0x10000 ? new Uint16Array(size) : new Uint32Array(size);
  for (const from of order) {
    for (let byte = 0; byte < 256; byte++) {
      const cls = classOf[byte] ?? 0;
      if (cls !== 0) next[from.id * classes + cls] = step(from, byte, root).id * classes;
    }
  }
  const endsIn = new Map(all.filter(isHit).map((n) => [n.id * classes, n.ends]));
  const firstHit = order.filter((n) => !isHit(n)).length * classes;
  return { next, classOf, classes, firstHit, endsIn };
}

function step(from: Node, byte: number, root: Node): Node {
  let at: Node | undefined = from;
  while (at !== undefined) {
    const to = at.edges.get(byte);
    if (to !== undefined) return to;
    at = at.fail;
  }
  return root;
}

function linkFailures(root: Node): void {
  const queue: Node[] = [root];
  for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
    for (const [byte, to] of at.edges) {
      to.fail = at === root ? root : at.fail === undefined ? root : step(at.fail, byte, root);
      to.ends.push(...to.fail.ends);
      queue.push(to);
    }
  }
}
