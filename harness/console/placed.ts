// SPDX-License-Identifier: MIT
import { isQuoting } from './prefix.js';
import type { Recogniser } from './recogniser.js';

/** Who spoke, going by what is before a head. */
export type Speaker =
  /** A logger that says it is the kernel: `Apr 15 13:58:08 kernel: `. */
  | 'kernel'
  /** A logger that says nothing but when: no words. */
  | 'stamp'
  /** A logger, or a program that talks: some other words. */
  | 'words'
  /** Somebody with a name, as programs sign: `demo[12]: `. */
  | 'program'
  /** No logger: the head is stuck to the message before it. */
  | 'glued';

/** A head that begins behind something. */
export interface Placed {
  readonly recogniser: Recogniser;
  readonly match: RegExpExecArray;
  /** Where in the text it begins. */
  readonly at: number;
  readonly speaker: Speaker;
}

/** A hint is at most this far behind the beginning of its head. */
const REACH = 64;
const MAX_PREFIX = 200;
const MAX_TEXT = 2000;

/**
 * Looks for a head behind a prefix that no list foresees, or behind a message that did not end its
 * line. Whether it counts is decided by the lines that follow; see {@link Prefix}.
 */
export function placedHead(text: string, candidates: readonly Recogniser[]): Placed | undefined {
  if (text.length > MAX_TEXT || text.startsWith('  ')) return undefined;
  let best: Placed | undefined;
  for (const recogniser of candidates) {
    for (const hint of recogniser.hints) {
      const hinted = text.indexOf(hint);
      if (hinted < 0 || (best !== undefined && best.at <= hinted - REACH)) continue;
      const to = Math.min(hinted, MAX_PREFIX, best === undefined ? MAX_PREFIX : best.at - 1);
      for (let at = Math.max(1, hinted - REACH); at <= to; at++) {
        if (!mayBegin(text, at)) continue;
        const match = recogniser.head.exec(text.slice(at));
        if (match === null) continue;
        const speaker = speakerOf(text.slice(0, at));
        if (speaker !== undefined) best = { recogniser, match, at, speaker };
        break;
      }
    }
  }
  return best;
}

/** Not in the middle of a word or a number; a word may be stuck to another in small letters. */
function mayBegin(text: string, at: number): boolean {
  const here = text[at] ?? ' ';
  const before = text[at - 1] ?? ' ';
  if (!/[A-Za-z[]/.test(here)) return false;
  return /[A-Z]/.test(here) ? !/[A-Z_]/.test(before) : !/[_0-9-]/.test(before);
}

const KERNEL_TAG =
  /(?:^|[\s\]>|])kernel(?:\[\d+\])?(?:: ?| - (?:-|\S{1,40}) (?:-|\[[^\]]{0,200}\]):? ?)$/;
const TAG = /(?:^|[\s\]>])[\w./@-]{1,48}(?:\[\d+\])?: ?$/;
/** Words that a stamp may have: days, months, zones, levels of loggers. */
const STAMP_WORDS =
  /\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec|[AP]M|UTC|GMT|CES?T|T|Z|kern|emerg|alert|crit|err(?:or)?|warn(?:ing)?|notice|info|debug|[VDIWEF])\b/gi;

/** How people and programs quote: a mark at the line's beginning, or quotation marks. */
const QUOTED = /^\s*(?:[>|#$+*]|- )|["'`]|\b(?:echo|printf|grep|cat|Subject|Re)\b/;

/** Nothing when the words before the head quote it. */
function speakerOf(prefix: string): Speaker | undefined {
  if (QUOTED.test(prefix) || isQuoting(prefix)) return undefined;
  const last = prefix.at(-1) ?? ' ';
  if (!/[\s\]>:|)]/.test(last)) return /["'`(=<,;/\\|-]/.test(last) ? undefined : 'glued';
  if (KERNEL_TAG.test(prefix)) return 'kernel';
  const words = prefix.replace(STAMP_WORDS, '').replace(/\d[\dTZ:.,+-]*/g, '');
  if (!/[A-Za-z]/.test(words)) return 'stamp';
  return TAG.test(prefix) ? 'program' : 'words';
}

/** Levels that loggers tell in words; they differ from line to line. */
const LEVEL_WORD = /^(?:emerg|alert|crit|err|error|warn|warning|notice|info|debug)$/i;

/**
 * What the lines of a log have in common, taken from one of them: the prefix of its logger, with
 * what differs from line to line (numbers, months, levels) left open.
 */
export class Prefix {
  private readonly shape: RegExp;
  private shared = 0;
  private other = 0;

  constructor(
    prefix: string,
    readonly speaker: Speaker,
  ) {
    const form = prefix.replace(/\d+|[A-Za-z]+|\s+|[^\sA-Za-z\d]/g, (part) => {
      if (/^\d/.test(part)) return String.raw`\d+`;
      if (/^\s/.test(part)) return String.raw`\s+`;
      if (/^[A-Z][a-z]{2}$/.test(part)) return '[A-Z][a-z]{2}';
      if (/^[A-Z]$/.test(part)) return '[A-Z]';
      if (LEVEL_WORD.test(part)) return '[A-Za-z]+';
      return part.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
    });
    this.shape = new RegExp(`^${form.replace(/(?:\\s\+)+$/, String.raw`\s?`)}`);
  }

  /** Takes the prefix off a line; counts whether it was there. */
  strip(text: string): string {
    if (this.speaker === 'glued') return text;
    const match = this.shape.exec(text);
    if (match === null) {
      if (text !== '') this.other++;
      return text;
    }
    this.shared++;
    return text.slice(match[0].length);
  }

  /** Whether a line is without it; what is stuck to a head is no prefix. */
  lacks(text: string): boolean {
    return this.speaker !== 'glued' && !this.shape.test(text);
  }

  /** Whether the lines that followed speak for it. */
  holds(framed: boolean): boolean {
    const { shared, other } = this;
    switch (this.speaker) {
      case 'kernel':
        return true;
      case 'glued':
        return framed;
      case 'stamp':
        return framed && shared >= other;
      case 'words':
        return framed && shared >= 2 && shared >= other;
      case 'program':
        return framed && shared >= 6 && other * 8 <= shared;
    }
  }
}
