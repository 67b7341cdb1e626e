// SPDX-License-Identifier: GPL-2.0-only
import type { TrialResult } from '../model/trial.js';
import type { RunResult } from '../model/verdict.js';
import { renderJson, type Timing } from './json.js';
import { renderJunit } from './junit.js';
import { renderKtap } from './ktap.js';
import { type Paint, renderText } from './text.js';

/** Everything a format may show of a run that has ended. */
export interface Rendering {
  readonly result: RunResult;
  readonly timing: Timing;
  /** The run directory, absolute. */
  readonly directory: string;
  /** Colours of the stream that is written to. */
  readonly paint: Paint;
}

/** One way to print a run. A new one is an entry of {@link FORMATS} and nothing else. */
export interface Format {
  /** One line for `--help`. */
  readonly says: string;
  /** Media type of what it prints. */
  readonly media: string;
  /**
   * Text for a trial as soon as it is judged, in the order in which trials end; only a format that
   * streams has it. `dmrace judge` calls it in the order of the result.
   */
  readonly trial?: (trial: TrialResult) => string;
  /** Text at the end of the run; with `trial`, what is left to say after the last one. */
  readonly end: (rendering: Rendering) => string;
}

/** The formats of `--format`, the default first. */
export const FORMATS = {
  pretty: {
    says: 'one screen for people',
    media: 'text/plain',
    end: ({ result, directory, paint }) => renderText(result, directory, paint),
  },
  json: {
    says: 'one JSON object (docs/run-result.schema.json)',
    media: 'application/json',
    end: ({ result, timing }) => `${JSON.stringify(renderJson(result, timing), null, 2)}\n`,
  },
  ktap: {
    says: 'KTAP version 1, as the kernel’s own tests print',
    media: 'text/plain',
    end: ({ result }) => renderKtap(result),
  },
  junit: {
    says: 'JUnit XML',
    media: 'application/xml',
    end: ({ result }) => renderJunit(result),
  },
} as const satisfies Readonly<Record<string, Format>>;

/** A name that `--format` takes. */
export type FormatName = keyof typeof FORMATS;

/** All names, the default first. */
export const FORMAT_NAMES = Object.keys(FORMATS) as [FormatName, ...FormatName[]];

/** The format of a name. */
export const formatNamed = (name: FormatName): Format => FORMATS[name];
