// SPDX-License-Identifier: MIT
// Compares the static part of the audit with a kernel's source:
//   node bench/audit/run.mjs truth SOURCE MODULES IMAGE [x86_64|arm64]
// The truth is read from the initialisers in the C files, as a compiler reads them: comments and
// strings are left out, braces are matched, nested designators become paths. Of the modules only
// the names of their symbols are used, to see which definitions were compiled into which module.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { METHODS, memberName } from '../../harness/audit/static/methods.js';
import { auditStatic } from '../../harness/campaign/audit/static.js';
import { readElf, symbolsOf } from '../../harness/elf/object.js';
import { listModules, readModules } from '../../harness/kernel/module-files.js';
import type { StaticSign } from '../../harness/model/audit.js';
import { ask } from './ask.js';

const [source = '.', ...rest] = process.argv.slice(3);
const { modules, image, work } = ask(rest);
const STRUCTS = new Set(METHODS.map(({ struct }) => struct));

/** Comments and the insides of strings become blanks. */
const blanked = (text: string): string =>
  text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g, (part) =>
    part.replace(/[^\n]/g, ' '),
  );

/** Index behind the brace that closes the one at `from`; -1 where none does. */
function closing(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    if ('{(['.includes(text[at] ?? ' ')) depth++;
    else if ('})]'.includes(text[at] ?? ' ') && --depth === 0) return at + 1;
  }
  return -1;
}

/** The parts of an initialiser's list. */
function parts(text: string): string[] {
  const found: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    if ('{(['.includes(text[at] ?? ' ')) at = closing(text, at) - 1;
    else if (text[at] === ',') {
      found.push(text.slice(from, at));
      from = at + 1;
    }
    if (at < 0) return found;
  }
  return [...found, text.slice(from)].map((part) => part.trim()).filter(Boolean);
}

/** What a list initialises, by path: `.dev = { .release = f }` and `.dev.release = f` are one. */
function initialised(list: string, prefix = ''): Map<string, string> {
  const found = new Map<string, string>();
  // A conditional within a list: both branches are taken; the module's symbols decide.
  for (const part of parts(list.replace(/^\s*#.*$/gm, ''))) {
    const designator = /^((?:\.\w+|\[[^\]]*\])+)\s*=\s*/.exec(part);
    if (!designator) {
      if (part.startsWith('{')) {
        for (const [key, value] of initialised(part.slice(1, -1), prefix)) found.set(key, value);
      }
      continue;
    }
    const own = (designator[1] ?? '').replace(/\[[^\]]*\]/g, '').replace(/^\./, '');
    const name = [prefix, own].filter(Boolean).join('.');
    const value = part.slice(designator[0].length).trim();
    if (value.startsWith('{')) {
      for (const [key, inner] of initialised(value.slice(1, -1), name)) found.set(key, inner);
    } else found.set(name, /^&?\(?(?:\([^()]*\))?\s*&?(\w+)\)?$/.exec(value)?.[1] ?? `? ${value}`);
  }
  return found;
}

const DEFINITION =
  /\bstruct\s+(\w+)\s+(\w+)(\s*\[[^\]]*\])?(?:\s+__\w+(?:\s*\([^()]*\))?)*\s*=\s*/g;

interface Definition {
  readonly file: string;
  readonly struct: string;
  readonly variable: string;
  readonly array: boolean;
  readonly values: ReadonlyMap<string, string>;
}

const definitions: Definition[] = [];
let macros = 0;
for (const file of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
  if (
    !/\.[ch]$/.test(file) ||
    /^(?:Documentation|tools|samples|scripts|arch\/(?!x86|arm64))/.test(file)
  ) {
    continue;
  }
  const raw = readFileSync(path.join(source, file), 'latin1');
  if (![...STRUCTS].some((struct) => raw.includes(struct))) continue;
  const text = blanked(raw);
  for (const match of text.matchAll(DEFINITION)) {
    const [whole, struct = '', variable = '', array] = match;
    if (!STRUCTS.has(struct)) continue;
    const at = match.index + whole.length;
    if (text[at] !== '{') {
      macros += /^[A-Z_]+\(/.test(text.slice(at, at + 60)) ? 1 : 0;
      continue;
    }
    const values = initialised(text.slice(at + 1, closing(text, at) - 1));
    definitions.push({ file, struct, variable, array: array !== undefined, values });
  }
}

/** The modules' own names: variables and functions. */
const own = new Map<
  string,
  { readonly variables: ReadonlySet<string>; readonly functions: ReadonlySet<string> }
>();
/** Folder of the source that a module lies in. */
const directoryOf = (module: string): string => path.dirname(module).replace(/^kernel\/?/, '');
for await (const file of readModules(work, modules, await listModules(modules))) {
  if (file.is !== 'read') throw new Error(`${file.file} ${file.why}`);
  const symbols = symbolsOf(readElf(file.bytes));
  const variables = new Set<string>();
  const functions = new Set<string>();
  for (let i = 1; i < symbols.count; i++) {
    if (symbols.section(i) === 0) continue;
    const type = symbols.type(i);
    // A static variable within a function has a number behind its name.
    if (type === 1) variables.add(symbols.name(i).replace(/\.\d+$/, ''));
    if (type === 2) functions.add(symbols.name(i));
  }
  own.set(file.file, { variables, functions });
}

/**
 * The modules that a definition was compiled into: those with its name that share the longest part
 * of its path, of at least three folders (amdkfd is compiled into amdgpu) or its whole folder.
 */
function modulesOf({ file, variable }: Definition): string[] {
  const folder = path.dirname(file).split('/');
  const shared = (module: string): number => {
    const directory = directoryOf(module).split('/');
    const differs = directory.findIndex((name, i) => name !== folder[i]);
    const length = differs < 0 ? directory.length : differs;
    return length >= Math.min(3, folder.length) ? length : 0;
  };
  const near = [...own.keys()].filter((module) => own.get(module)?.variables.has(variable));
  const best = Math.max(1, ...near.map(shared));
  return near.filter((module) => shared(module) === best);
}

const truth = new Map<string, { member: string; array: boolean; file: string }>();
for (const definition of definitions) {
  for (const method of METHODS) {
    if (method.struct !== definition.struct) continue;
    const value = definition.values.get(method.path);
    if (value === undefined) continue;
    for (const module of modulesOf(definition)) {
      if (!own.get(module)?.functions.has(value)) continue; // another module's, or the kernel's
      const key = [module, memberName(method), definition.variable, value].join(' ');
      truth.set(key, {
        member: memberName(method),
        array: definition.array,
        file: definition.file,
      });
    }
  }
}

const said = await auditStatic(work, { modules, image });
type Method = Extract<StaticSign, { is: 'method' }>;
const hits = new Map<string, Method>();
for (const { file, signs } of said.modules) {
  for (const sign of signs) {
    if (sign.is !== 'method') continue;
    const key = [file, sign.member, sign.variable.replace(/\.\d+$/, ''), sign.method].join(' ');
    hits.set(key, sign);
  }
}

/** What the source says of a hit: right, wrong, or nothing. */
function judged(key: string, sign: Method): 'right' | 'wrong' | 'undecided' {
  if (truth.has(key)) return 'right';
  const [file = ''] = key.split(' ');
  const variable = sign.variable.replace(/\.\d+$/, '');
  const known = definitions.filter(
    (one) => one.variable === variable && modulesOf(one).includes(file),
  );
  return known.length > 0 || defined(file, variable) ? 'wrong' : 'undecided';
}

/** Whether the source defines the variable as something else. */
function defined(file: string, variable: string): boolean {
  const directory = path.join(source, directoryOf(file));
  const pattern = new RegExp(
    `\\bstruct\\s+\\w+\\s+${variable}\\s*(?:\\[[^\\]]*\\])?\\s*(?:__\\w+\\s*)*=\\s*\\{`,
  );
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).some(
    (name) =>
      /\.[ch]$/.test(name) &&
      pattern.test(blanked(readFileSync(path.join(directory, name), 'latin1'))),
  );
}

const EMPTY = { right: 0, wrong: 0, undecided: 0, 'in the source': 0, found: 0 };
const rows: Record<string, typeof EMPTY> = {};
const row = (member: string): typeof EMPTY => {
  rows[member] ??= { ...EMPTY };
  return rows[member];
};
for (const [key, sign] of hits) {
  const verdict = judged(key, sign);
  row(sign.member)[verdict]++;
  if (verdict !== 'right' && sign.word === 'listed') console.log(verdict, key);
}
for (const [key, { member, array, file }] of truth) {
  row(member)['in the source']++;
  if (hits.has(key)) row(member).found++;
  else console.log(`missed${array ? ' (array)' : ''}`, key, file);
}
console.table(rows);
const sum = (field: keyof typeof EMPTY): number =>
  Object.values(rows).reduce((all, one) => all + one[field], 0);
console.log(
  `precision ${sum('right')} of ${sum('right') + sum('wrong')} (${sum('undecided')} undecided), ` +
    `recall ${sum('found')} of ${sum('in the source')}; ${macros} variables are initialised by a macro`,
);
