// SPDX-License-Identifier: MIT

/** What an error is to the user; decides the exit code (129, 128, 125; model/exit-codes.ts). */
export type ErrorCode = 'usage' | 'environment' | 'inconclusive';

/** What an error is to code that can do something about it. Most errors have no kind. */
export const ERROR_KINDS = [
  /** A tool cannot be run, or ended with an error: what it was run for says what that means. */
  'tool-failed',
  /** run.json of a saved run cannot be used: what is left of the run can still be shown. */
  'run-damaged',
  /** QEMU refuses a saved guest: it can be made again. */
  'state-refused',
  /** Damaged entries of the cache were removed: the work can be done again. */
  'cache-mended',
] as const;

/** See {@link ERROR_KINDS}. */
export type ErrorKind = (typeof ERROR_KINDS)[number];

/** The facts of an error, from which its message is made. */
export interface ErrorFacts {
  /** What was seen, with its value. */
  readonly observed: string;
  /** The limit it broke, when there is one. */
  readonly limit?: string;
  /** The file to look at, when there is one. */
  readonly artefact?: string;
  /** The one thing to do about it. */
  readonly action: string;
}

const firstLine = (text: string): string => text.split('\n')[0] ?? '';

/** An error meant for the user: facts and one action, no stack. */
export class DmraceError extends Error {
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;
  /** For code that does something about it; undefined for most. */
  readonly kind: ErrorKind | undefined;

  constructor(code: ErrorCode, facts: ErrorFacts, kind?: ErrorKind) {
    const limit = facts.limit === undefined ? '' : ` (limit: ${facts.limit})`;
    const artefact = facts.artefact === undefined ? '' : `\n  see ${facts.artefact}`;
    super(`${facts.observed}${limit}${artefact}\n  ${facts.action}`);
    this.name = 'DmraceError';
    this.code = code;
    this.facts = facts;
    this.kind = kind;
  }

  /** The first line of the message: what was seen, and the limit unless more lines come first. */
  get headline(): string {
    return firstLine(this.message);
  }

  /** The first line of what was seen, without the limit: for a place that has no room for more. */
  get observedLine(): string {
    return firstLine(this.facts.observed);
  }
}

/** Whether something that was thrown is an error of a kind. */
export const isOfKind = (error: unknown, kind: ErrorKind): error is DmraceError =>
  error instanceof DmraceError && error.kind === kind;

/** The first line of what was thrown, whatever it is, for a sentence that goes on about it. */
export const headlineOf = (error: unknown): string => {
  if (error instanceof DmraceError) return error.headline;
  return error instanceof Error ? firstLine(error.message) : String(error);
};
