// SPDX-License-Identifier: MIT

/**
 * The source name of a Rust symbol in the v0 mangling, which the kernel is built with (RFC 2603;
 * `-Csymbol-mangling-version=v0` in the Makefile, v6.1): `_RNvMs_NtCs1_4demo4nodeNtB2_4Node4push` is
 * `<demo::node::Node>::push`. Nothing for other names, for damaged ones and for what kernels do not
 * name functions by (closures' types, trait objects, function pointers).
 */
export function rustName(symbol: string): string | undefined {
  if (!symbol.startsWith('_R') || symbol.length > MAX_SYMBOL) return undefined;
  try {
    return new Reader(symbol.slice(2)).path();
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}

class Unreadable extends Error {}

const MAX_SYMBOL = 600;
const MAX_DEPTH = 40;
const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
/** <basic-type> of the RFC, those that have one letter each. */
const BASIC: Readonly<Record<string, string>> = Object.fromEntries(
  'a=i8 b=bool c=char d=f64 e=str f=f32 h=u8 i=isize j=usize l=i32 m=u32 n=i128 o=u128 s=i16 t=u16 u=() v=... x=i64 y=u64 z=! p=_'
    .split(' ')
    .map((pair) => pair.split('=') as [string, string]),
);
const POINTERS: Readonly<Record<string, string>> = { R: '&', Q: '&mut ', P: '*const ', O: '*mut ' };

/** Reads one symbol from its beginning; backward references begin another reading. */
class Reader {
  constructor(
    private readonly text: string,
    private at = 0,
    private depth = 0,
  ) {}

  /** <path> */
  path(): string {
    if (++this.depth > MAX_DEPTH) throw new Unreadable();
    const kind = this.next();
    switch (kind) {
      case 'C':
        return this.identifier();
      case 'M':
        this.implPath();
        return `<${this.type()}>`;
      case 'X':
        this.implPath();
        return this.asTrait();
      case 'Y':
        return this.asTrait();
      case 'N':
        return this.nested(this.next());
      case 'I':
        return `${this.path()}::<${this.list(() => this.argument()).join(', ')}>`;
      case 'B':
        return this.back().path();
      default:
        throw new Unreadable();
    }
  }

  private nested(space: string): string {
    const outer = this.path();
    const { name, number } = this.named();
    if (space === 'C') return `${outer}::{closure#${number}}`;
    if (space === 'S') return `${outer}::{shim#${number}}`;
    return name === '' ? outer : `${outer}::${name}`;
  }

  private asTrait(): string {
    const type = this.type();
    return `<${type} as ${this.path()}>`;
  }

  /** Where an impl stands says nothing that its type does not. */
  private implPath(): void {
    if (this.peek() === 's') this.disambiguator();
    this.path();
  }

  /** <generic-arg>: lifetimes and constants are left out of kernel's names. */
  private argument(): string {
    if (this.peek() !== 'L') return this.type();
    this.at++;
    this.number();
    return "'_";
  }

  private type(): string {
    if (++this.depth > MAX_DEPTH) throw new Unreadable();
    const kind = this.peek();
    const basic = BASIC[kind];
    if (basic !== undefined) {
      this.at++;
      return basic;
    }
    const pointer = POINTERS[kind];
    if (pointer !== undefined) {
      this.at++;
      if ('RQ'.includes(kind) && this.peek() === 'L') this.argument();
      return pointer + this.type();
    }
    if (kind === 'S') {
      this.at++;
      return `[${this.type()}]`;
    }
    if (kind === 'T') {
      this.at++;
      return `(${this.list(() => this.type()).join(', ')})`;
    }
    if (kind === 'B') {
      this.at++;
      return this.back().type();
    }
    return this.path();
  }

  /** Things up to `E`. */
  private list(read: () => string): string[] {
    const all: string[] = [];
    while (this.peek() !== 'E') all.push(read());
    this.at++;
    return all;
  }

  private back(): Reader {
    const start = this.at - 1;
    const to = this.number();
    if (to >= start) throw new Unreadable();
    return new Reader(this.text, to, this.depth);
  }

  private identifier(): string {
    return this.named().name;
  }

  /** <identifier>, with its disambiguator. */
  private named(): { readonly name: string; readonly number: number } {
    const number = this.peek() === 's' ? this.disambiguator() : 0;
    const length = /^(?:0|[1-9]\d{0,3})/.exec(this.text.slice(this.at, this.at + 4))?.[0];
    if (length === undefined) throw new Unreadable();
    this.at += length.length;
    if (this.peek() === '_') this.at++;
    const name = this.text.slice(this.at, this.at + Number(length));
    if (name.length < Number(length)) throw new Unreadable();
    this.at += name.length;
    return { name, number };
  }

  private disambiguator(): number {
    this.at++;
    return this.number() + 1;
  }

  /** <base-62-number>: `_` is 0, `0_` is 1. */
  private number(): number {
    let value = 0;
    // A crate has a hash of 64 bits: eleven digits. Its value is not asked for.
    for (let read = 0; read < 12; read++) {
      const letter = this.next();
      if (letter === '_') return read === 0 ? 0 : value + 1;
      const digit = DIGITS.indexOf(letter);
      if (digit < 0) break;
      value = value * 62 + digit;
    }
    throw new Unreadable();
  }

  private peek(): string {
    return this.text.charAt(this.at);
  }

  private next(): string {
    const letter = this.peek();
    if (letter === '') throw new Unreadable();
    this.at++;
    return letter;
  }
}
