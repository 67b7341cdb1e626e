// SPDX-License-Identifier: MIT
import { PLACEMENTS } from '../model/placement.js';
import type { TrialResult } from '../model/trial.js';
import type { RunResult } from '../model/verdict.js';
import { chosen, type RunEvidence } from './evidence.js';
import type { PageParts } from './html/page.js';
import { renderJson, type Timing } from './json.js';
import { renderKtap } from './ktap.js';
import { type Paint, renderText } from './text.js';

/** Everything a format may show of a run that has ended. */
export interface Rendering {
  readonly result: RunResult;
  readonly timing: Timing;
  /** The run directory, absolute. */
  readonly directory: string;
  /** SHA-256 of the manifest that the run has just written; null when it is only read. */
  readonly manifest: string | null;
  /** Colours of the stream that is written to. */
  readonly paint: Paint;
  /** vmlinux with debug information for the run's dumps; null where none is at hand. */
  readonly vmlinux?: string | null;
  /** The flags that had the run made in a container; empty without one. */
  readonly docker: readonly string[];
}

/** And what was kept of its trials, with the parts of the HTML page. */
export interface FullRendering extends Rendering {
  readonly evidence: RunEvidence;
  readonly parts: PageParts;
}

/** Names that `--format` takes, the default first. */
export const FORMAT_NAMES = [
  'pretty',
  'json',
  'ktap',
  'junit',
  'markdown',
  'html',
  'svg',
  'perfetto',
] as const;
/** See {@link FORMAT_NAMES}. */
export type FormatName = (typeof FORMAT_NAMES)[number];

/** One way to print a run. A new one is a name and an entry of {@link FORMATS}, and nothing else. */
export type Format = ResultFormat | EvidenceFormat;

interface FormatBase {
  /** One line for `--help`. */
  readonly says: string;
  /** Media type of what it prints. */
  readonly media: string;
  /** Name of the file that `dmrace report` writes without --output, in the run directory. */
  readonly file: string;
}

/** A format that needs the result only. */
export interface ResultFormat extends FormatBase {
  /**
   * Text for a trial as soon as it is judged, in the order in which trials end; only a format that
   * streams has it. `dmrace judge` calls it in the order of the result.
   */
  readonly trial?: (trial: TrialResult) => string;
  /** Text at the end of the run; with `trial`, what is left to say after the last one. */
  readonly end: (rendering: Rendering) => string | Promise<string>;
}

/** A format that is drawn from the trials' files. */
export interface EvidenceFormat extends FormatBase {
  readonly full: (rendering: FullRendering) => Promise<string>;
}

/**
 * The formats of `--format`. What needs a library of XML, of plots or of HTML is
 * loaded when it is asked for: they are most of what a command would read at its start.
 */
export const FORMATS: Readonly<Record<FormatName, Format>> = {
  pretty: {
    says: 'one screen for people',
    media: 'text/plain',
    file: 'report.txt',
    end: ({ result, directory, manifest, paint, docker, vmlinux = null }) =>
      renderText(result, { directory, manifest, paint, docker, vmlinux }),
  },
  json: {
    says: 'one JSON object (docs/run-result.schema.json)',
    media: 'application/json',
    file: 'report.json',
    end: ({ result, timing, manifest }) =>
      `${JSON.stringify(renderJson(result, timing, manifest), null, 2)}\n`,
  },
  ktap: {
    says: 'KTAP version 1, as the kernel’s own tests print',
    media: 'text/plain',
    file: 'report.ktap',
    end: ({ result }) => renderKtap(result),
  },
  junit: {
    says: 'JUnit XML',
    media: 'application/xml',
    file: 'junit.xml',
    end: async ({ result }) => (await import('./junit.js')).renderJunit(result),
  },
  markdown: {
    says: 'a short report for a mail or a merge request',
    media: 'text/markdown',
    file: 'report.md',
    end: async ({ result, docker }) =>
      (await import('./markdown.js')).renderMarkdown(result, docker),
  },
  html: {
    says: 'one HTML file that needs nothing else, with timelines',
    media: 'text/html',
    file: 'report.html',
    full: async ({ result, evidence, directory, parts }) =>
      (await import('./html/page.js')).renderPage({ result, evidence, directory, parts }),
  },
  svg: {
    says: 'the timelines of one trial of each placement as a picture',
    media: 'image/svg+xml',
    file: 'timeline.svg',
    full: async ({ result, evidence }) =>
      (await import('./svg.js')).renderSvg(
        evidence.trials,
        `dmrace: ${result.verdict}, ${result.question.scenario} on ${result.kernel.release}`,
      ),
  },
  perfetto: {
    says: 'the traces for ui.perfetto.dev and chrome://tracing',
    media: 'application/json',
    file: 'trace.json',
    full: async ({ evidence }) =>
      (await import('./perfetto.js')).renderPerfetto(
        PLACEMENTS.flatMap((placement) => chosen(evidence.trials, placement)),
      ),
  },
};
