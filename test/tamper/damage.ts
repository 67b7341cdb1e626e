// SPDX-License-Identifier: MIT
// Damage to a saved run, made systematically: what one file, one folder, one field can suffer. Each
// piece of damage says what it is, does itself and takes itself back.
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { placementIn } from '../../harness/model/placement.js';
import { sealedText } from '../../harness/runs/seal.js';
import { assets } from '../../harness/util/assets.js';

/** The folders of `test/fixtures/KIND`, sorted, and where each is. */
export function fixturesOf(kind: string): {
  readonly names: readonly string[];
  readonly folderOf: (name: string) => string;
} {
  const folder = assets(`test/fixtures/${kind}`);
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
  return { names, folderOf: (name) => path.join(folder, name) };
}

/** One way to damage a run. */
export interface Damage {
  readonly says: string;
  /** The file or folder that suffers it, relative to the run. */
  readonly at: string;
  /** Whether what it touches is evidence: the judge may not overlook it. */
  readonly evidence: boolean;
  /** Does it. Returns false when nothing would change. */
  readonly inflict: (root: string) => boolean;
}

/** Files of a run that no verdict rests on: they show something, or are made of the evidence. */
const SHOWN = /^(verdict\.json|SHA256SUMS|ready-[\w-]+\/.*|.*\/(qemu\.argv|result\.json))$/;
export const isEvidence = (file: string): boolean => !SHOWN.test(file);

/** Every file of a run, relative, sorted. */
export const filesOf = (root: string): string[] =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .sort();

/** Folders of trials. */
export const trialsOf = (root: string): string[] =>
  readdirSync(root)
    .filter((name) => placementIn(name) !== null)
    .sort();

const flip = (bytes: Buffer, at: number): Buffer => {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
};

/** What the bytes of a file can suffer. */
const OF_BYTES: Readonly<Record<string, (bytes: Buffer) => Buffer | null>> = {
  gone: () => null,
  empty: () => Buffer.alloc(0),
  'cut in half': (bytes) => bytes.subarray(0, bytes.length >> 1),
  'its last byte cut off': (bytes) => bytes.subarray(0, -1),
  'its first byte cut off': (bytes) => bytes.subarray(1),
  'a byte more': (bytes) => Buffer.concat([bytes, Buffer.from('x')]),
  'a newline more': (bytes) => Buffer.concat([bytes, Buffer.from('\n')]),
  'a bit flipped at its start': (bytes) => flip(bytes, 0),
  'a bit flipped in its middle': (bytes) => flip(bytes, bytes.length >> 1),
  'a bit flipped near its end': (bytes) => flip(bytes, Math.max(0, bytes.length - 3)),
  'NUL bytes': (bytes) => Buffer.alloc(bytes.length),
  'other text': () => Buffer.from('this is not what was here\n'),
  twice: (bytes) => Buffer.concat([bytes, bytes]),
  'its first line gone': (bytes) => bytes.subarray(bytes.indexOf('\n') + 1),
  'its last line gone': (bytes) => bytes.subarray(0, bytes.lastIndexOf('\n', bytes.length - 2) + 1),
  'its lines in another order': (bytes) =>
    Buffer.from(bytes.toString('latin1').split('\n').toReversed().join('\n'), 'latin1'),
  'line ends of another system': (bytes) =>
    Buffer.from(bytes.toString('latin1').replaceAll('\n', '\r\n'), 'latin1'),
};
export const KINDS_OF_BYTES = Object.keys(OF_BYTES).length;

/** Every file of a run with every kind of damage to its bytes, and as a folder. */
export function damagedFiles(root: string): Damage[] {
  return filesOf(root).flatMap((file) => [
    ...Object.entries(OF_BYTES).map(
      ([says, change]): Damage => ({
        says: `${file}: ${says}`,
        at: file,
        evidence: isEvidence(file),
        inflict: (at) => {
          const target = path.join(at, file);
          const before = readFileSync(target);
          const after = change(before);
          if (after?.equals(before)) return false;
          if (after === null) rmSync(target);
          else writeFileSync(target, after);
          return true;
        },
      }),
    ),
    {
      says: `${file}: a folder of that name`,
      at: file,
      evidence: isEvidence(file),
      inflict: (at) => {
        rmSync(path.join(at, file));
        mkdirSync(path.join(at, file));
        return true;
      },
    },
  ]);
}

/** The same file of another trial in place of each trial's. */
export function swappedFiles(root: string): Damage[] {
  const trials = trialsOf(root);
  return trials.flatMap((to) =>
    trials
      .filter((from) => from !== to)
      .flatMap((from) =>
        readdirSync(path.join(root, to)).map((name): Damage => {
          const file = path.join(to, name);
          return {
            says: `${file}: that of ${from}`,
            at: file,
            evidence: isEvidence(file),
            inflict: (at) => {
              const source = path.join(at, from, name);
              if (!existsSync(source)) return false;
              if (readFileSync(source).equals(readFileSync(path.join(at, file)))) return false;
              cpSync(source, path.join(at, file));
              return true;
            },
          };
        }),
      ),
  );
}

/** Puts another folder in a folder's place. False for one that is the same: a merged run has its shards'. */
function replaced(folder: string, by: string): boolean {
  const same = filesOf(by).every((file) => {
    const target = path.join(folder, file);
    return existsSync(target) && readFileSync(target).equals(readFileSync(path.join(by, file)));
  });
  if (same) return false;
  rmSync(folder, { recursive: true });
  cpSync(by, folder, { recursive: true });
  return true;
}

/** Folders of trials removed, swapped, renamed, copied; from other runs too. */
export function shuffledFolders(root: string, others: readonly string[]): Damage[] {
  const trials = trialsOf(root);
  const whole = (says: string, at: string, inflict: Damage['inflict']): Damage => ({
    says,
    at,
    evidence: true,
    inflict,
  });
  const fresh = (placement: string): string => `${placement}-${trials.length + 7}`;
  return trials.flatMap((name) => [
    whole(`${name}: gone`, name, (at) => {
      rmSync(path.join(at, name), { recursive: true });
      return true;
    }),
    ...['builtin', 'in-module'].flatMap((placement) => [
      whole(`${name}: copied as ${fresh(placement)}`, '.', (at) => {
        cpSync(path.join(at, name), path.join(at, fresh(placement)), { recursive: true });
        return true;
      }),
      whole(`${name}: renamed to ${fresh(placement)}`, '.', (at) => {
        renameSync(path.join(at, name), path.join(at, fresh(placement)));
        return true;
      }),
    ]),
    ...trials
      .filter((other) => other !== name)
      .map((other) =>
        whole(`${name}: that of ${other}`, name, (at) =>
          replaced(path.join(at, name), path.join(at, other)),
        ),
      ),
    ...others.flatMap((other) =>
      trialsOf(other).map((foreign) =>
        whole(`${name}: ${foreign} of ${path.basename(other)}`, name, (at) =>
          replaced(path.join(at, name), path.join(other, foreign)),
        ),
      ),
    ),
  ]);
}

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** Every leaf of a value changed, and every field of it gone; each a whole value. */
export function alterations(value: Json, where = ''): { says: string; value: Json }[] {
  if (Array.isArray(value)) {
    return [
      ...(value.length > 0 ? [{ says: `${where} empty`, value: [] }] : []),
      ...value.slice(0, 3).flatMap((item, index) =>
        alterations(item, `${where}[${index}]`).map((one) => ({
          says: one.says,
          value: value.with(index, one.value),
        })),
      ),
    ];
  }
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, item]) => {
      const { [key]: _, ...rest } = value;
      return [
        { says: `${where}.${key} gone`, value: rest },
        ...alterations(item, `${where}.${key}`).map((one) => ({
          says: one.says,
          value: { ...value, [key]: one.value },
        })),
      ];
    });
  }
  const others: Json[] =
    typeof value === 'number'
      ? [value + 1, 0, 'x']
      : typeof value === 'boolean'
        ? [!value]
        : value === null
          ? ['x']
          : [`${value}x`, '', ...(OTHERS[value] ?? [])];
  return others
    .filter((other) => other !== value)
    .map((other) => ({ says: `${where} is ${JSON.stringify(other)}`, value: other }));
}

/** Values that mean something where one of them stands. */
const OTHERS: Readonly<Record<string, readonly string[]>> = {
  release: ['disk-release', 'churn'],
  'disk-release': ['release'],
  churn: ['release'],
  builtin: ['in-module'],
  'in-module': ['builtin'],
  survived: ['crashed', 'lost'],
  crashed: ['survived', 'lost'],
  'release-in-unloaded-text': ['disk-release-fops', 'other'],
  'disk-release-fops': ['release-in-unloaded-text', 'other'],
  U: ['T'],
  T: ['U'],
  complete: ['interrupted'],
  x86_64: ['arm64'],
  vmlinux: ['dm_mod'],
};

/**
 * Every field of a JSON file altered.
 * @param sealed whether it gets a right seal of its own
 */
export function alteredJson(root: string, file: string, sealed = false): Damage[] {
  const text = readFileSync(path.join(root, file), 'utf8');
  return alterations(JSON.parse(text) as Json).map(({ says, value }) => ({
    says: `${file}${says}`,
    at: file,
    evidence: isEvidence(file),
    inflict: (at) => {
      const { seal: _, ...rest } = value as { [key: string]: Json };
      const changed = sealed ? sealedText(rest) : `${JSON.stringify(value, null, 2)}\n`;
      if (changed === text) return false;
      writeFileSync(path.join(at, file), changed);
      return true;
    },
  }));
}

const LEDGER = 'trials.jsonl';
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/**
 * Every field of every line of the ledger altered, and its lines removed, doubled and moved.
 * @param summed whether each altered line gets a right sum of its own: then only the line that follows
 *   it, the folder beside it or the note of the run can tell
 */
export function alteredLedger(root: string, summed: boolean, ledger = LEDGER): Damage[] {
  const lines = readFileSync(path.join(root, ledger), 'utf8').trimEnd().split('\n');
  const write = (says: string, changed: readonly string[]): Damage => ({
    says: `${ledger}: ${says}`,
    at: ledger,
    evidence: true,
    inflict: (at) => {
      writeFileSync(path.join(at, ledger), changed.map((line) => `${line}\n`).join(''));
      return true;
    },
  });
  const fields = lines.flatMap((line, index) =>
    alterations(JSON.parse(line.slice(65)) as Json).map(({ says, value }) => {
      const text = JSON.stringify(value);
      const sum = summed ? sha256(text) : line.slice(0, 64);
      return write(`line ${index + 1}${says}`, lines.with(index, `${sum} ${text}`));
    }),
  );
  if (summed) return fields;
  const moved = lines.flatMap((line, index) => [
    write(`line ${index + 1} gone`, lines.toSpliced(index, 1)),
    write(`line ${index + 1} twice`, lines.toSpliced(index, 0, line)),
    ...(index === 0
      ? []
      : [write(`line ${index + 1} first`, [line, ...lines.toSpliced(index, 1)])]),
  ]);
  // A line before itself is no other order.
  return [...fields, ...moved];
}

/** Damage under which the folder can be put right again. */
export class Scratch {
  constructor(
    readonly original: string,
    readonly root: string,
  ) {
    this.restore();
  }

  /** Makes it what the original is; only what was touched is copied. */
  restore(at = '.'): void {
    const target = path.join(this.root, at);
    if (at === '.') {
      for (const name of existsSync(target) ? readdirSync(target) : []) {
        if (!existsSync(path.join(this.original, name))) {
          rmSync(path.join(target, name), { recursive: true, force: true });
        }
      }
    }
    const source = path.join(this.original, at);
    if (at !== '.' || !existsSync(target)) {
      rmSync(target, { recursive: true, force: true });
      cpSync(source, target, { recursive: true });
      return;
    }
    for (const name of readdirSync(source)) {
      const missing = !existsSync(path.join(target, name));
      if (missing || statSync(path.join(source, name)).isDirectory() === false) this.restore(name);
    }
  }
}
