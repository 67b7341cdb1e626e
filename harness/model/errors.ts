// SPDX-License-Identifier: GPL-2.0-only

/** What an error is to the user; decides the exit code (design: 129, 128, 125). */
export type ErrorCode = 'usage' | 'environment' | 'inconclusive';

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

/** An error meant for the user: facts and one action, no stack. */
export class DmraceError extends Error {
  readonly code: ErrorCode;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, facts: ErrorFacts) {
    const limit = facts.limit === undefined ? '' : ` (limit: ${facts.limit})`;
    const artefact = facts.artefact === undefined ? '' : `\n  see ${facts.artefact}`;
    super(`${facts.observed}${limit}${artefact}\n  ${facts.action}`);
    this.name = 'DmraceError';
    this.code = code;
    this.facts = facts;
  }
}
