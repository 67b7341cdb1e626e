// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
export const ROOT = join(HERE, '../../..');
export const FIXTURES = join(ROOT, 'test/fixtures/console');

/** A case of a fixture: `@@ kind | title`, then the log up to the next. */
export interface Case {
  readonly kind: string;
  readonly title: string;
  readonly log: string;
}

export function readCases(name: string): Case[] {
  const text = readFileSync(join(FIXTURES, name), 'utf8');
  return text
    .split(/^@@ /m)
    .slice(1)
    .map((part) => {
      const end = part.indexOf('\n');
      const [kind = '', title = ''] = part.slice(0, end).split(' | ');
      return { kind, title, log: part.slice(end + 1) };
    });
}

/** A record of the development corpus; see its README. */
export interface CorpusRecord {
  readonly id: string;
  readonly log: string;
  readonly crash: boolean;
  readonly title: string;
  readonly alt: readonly string[];
  readonly kind_ok: readonly string[];
  readonly head_line: number;
  readonly functions: readonly string[];
  /** What the record is about: `kernel`, or `other` for a program that gave up. */
  readonly scope: string;
  /** Whether a careful detector may disagree; only in the second corpus. */
  readonly contested?: boolean;
}

/** A corpus, or the reason why there is none here. */
export function readCorpus(name = 'dev.jsonl'): CorpusRecord[] | string {
  const tried: string[] = [];
  const bases = [
    process.env.DMRACE_SHARED ?? '',
    join(ROOT, '../shared'),
    join(ROOT, '../../shared'),
  ];
  for (const base of bases.filter((b) => b !== '')) {
    const file = join(base, 'corpus', name);
    tried.push(file);
    if (!existsSync(file)) continue;
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    return lines.map((line) => JSON.parse(line) as CorpusRecord);
  }
  return `no corpus at ${tried.join(', ')}`;
}

/**
 * The second corpus without what is contested, and without the third that is kept unread: its
 * records are measured (docs/console.md), and nobody looks at them.
 */
export function readSecondCorpus(): CorpusRecord[] | string {
  const all = readCorpus('dev2.jsonl');
  if (typeof all === 'string') return all;
  return all.filter((r) => r.contested !== true && !isHeldOut(r.id));
}

function isHeldOut(id: string): boolean {
  return BigInt(`0x${createHash('sha256').update(id).digest('hex')}`) % 3n === 0n;
}

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** disk_release() reads memory at an address: the second bug, when dm_mod lay there. */
export const diskRelease = (fault: string): string =>
  [
    `BUG: unable to handle page fault for address: ${fault}`,
    '#PF: supervisor read access in kernel mode',
    '#PF: error_code(0x0000) - not-present page',
    'Oops: 0000 [#1] PREEMPT SMP NOPTI',
    'RIP: 0010:disk_release+0x4c/0x90',
    `CR2: ${fault}`,
    'Call Trace:',
    ' device_release+0x30/0x90',
    ' kobject_put+0x75/0x1e0',
    ' kobject_put+0x8b/0x1e0',
    '---[ end trace 0000000000000000 ]---',
  ].join('\n');
