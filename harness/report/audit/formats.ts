// SPDX-License-Identifier: MIT
import type { AuditResult } from '../../judge/audit.js';
import type { Damage } from '../../model/damage.js';
import type { PageParts } from '../html/page.js';
import type { Timing } from '../json.js';
import type { Paint } from '../text.js';
import { renderAuditJson } from './result.js';
import { renderAuditText } from './text.js';

/** Everything a format may show of an audit. */
export interface AuditRendering {
  readonly result: AuditResult;
  readonly timing: Timing;
  /** The audit's folder, absolute. */
  readonly directory: string;
  /** SHA-256 of the manifest that was just written; null when the audit is only read. */
  readonly manifest: string | null;
  readonly paint: Paint;
  /** The flags that had it made in a container; empty without one. */
  readonly docker: readonly string[];
  /** What of the folder is not as it was left. */
  readonly damage: readonly Damage[];
  /** Script and style of the HTML page; read when they are asked for. */
  readonly parts: () => Promise<PageParts>;
}

/** Names that `audit --format` takes, the default first. */
export const AUDIT_FORMAT_NAMES = ['pretty', 'json', 'ktap', 'junit', 'html', 'github'] as const;
/** See {@link AUDIT_FORMAT_NAMES}. */
export type AuditFormatName = (typeof AUDIT_FORMAT_NAMES)[number];

/** One way to print an audit. A new one is a name and an entry of {@link AUDIT_FORMATS}. */
export interface AuditFormat {
  /** One line for `--help`. */
  readonly says: string;
  readonly media: string;
  /** Name of the file that `dmrace report` writes without --output, in the audit's folder. */
  readonly file: string;
  readonly end: (rendering: AuditRendering) => string | Promise<string>;
}

/** The formats of `audit --format`; what needs a library is loaded when it is asked for. */
export const AUDIT_FORMATS: Readonly<Record<AuditFormatName, AuditFormat>> = {
  pretty: {
    says: 'one screen for people',
    media: 'text/plain',
    file: 'report.txt',
    end: ({ result, ...screen }) => renderAuditText(result, screen),
  },
  json: {
    says: 'one JSON object (docs/audit-result.schema.json)',
    media: 'application/json',
    file: 'report.json',
    end: ({ result, timing, manifest }) =>
      `${JSON.stringify(renderAuditJson(result, timing, manifest), null, 2)}\n`,
  },
  ktap: {
    says: 'KTAP version 1: a test for each planted mistake and each visit',
    media: 'text/plain',
    file: 'report.ktap',
    end: async ({ result }) => (await import('./ktap.js')).renderAuditKtap(result),
  },
  junit: {
    says: 'JUnit XML, of the same tests',
    media: 'application/xml',
    file: 'junit.xml',
    end: async ({ result }) => (await import('./junit.js')).renderAuditJunit(result),
  },
  html: {
    says: 'one HTML file that needs nothing else: a table to sort, a section for each finding',
    media: 'text/html',
    file: 'report.html',
    end: async ({ parts, ...rendering }) =>
      (await import('../html/audit/page.js')).renderAuditPage({
        ...rendering,
        parts: await parts(),
      }),
  },
  github: {
    says: 'workflow commands of GitHub: the verdict and each new finding',
    media: 'text/plain',
    file: 'report.github.txt',
    end: async ({ result }) => (await import('./github.js')).auditAnnotations(result),
  },
};
