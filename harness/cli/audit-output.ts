// SPDX-License-Identifier: MIT
import type { AuditResult } from '../judge/audit.js';
import type { Damage } from '../model/damage.js';
import { DmraceError } from '../model/errors.js';
import { shownDeep } from '../model/shown.js';
import {
  AUDIT_FORMAT_NAMES,
  AUDIT_FORMATS,
  type AuditFormatName,
} from '../report/audit/formats.js';
import { auditAnnotations, auditSummary } from '../report/audit/github.js';
import { FORMAT_NAMES } from '../report/formats.js';
import type { Timing } from '../report/json.js';
import { writeGithub } from './github.js';
import { dockerWords, pageParts } from './output.js';
import { paintFor } from './paint.js';
import { out } from './streams.js';

/** What is printed of an audit. */
export interface AuditView {
  readonly result: AuditResult;
  readonly timing: Timing;
  readonly directory: string;
  readonly manifest: string | null;
  readonly damage: readonly Damage[];
}

/** Formats that a command takes which prints either a run or an audit. */
export const ALL_FORMAT_NAMES = [...new Set([...FORMAT_NAMES, ...AUDIT_FORMAT_NAMES])];

/** A format that audits have. @throws DmraceError (usage) for one that only runs have. */
export function auditFormat(name: string): AuditFormatName {
  const format = AUDIT_FORMAT_NAMES.find((one) => one === name);
  if (format) return format;
  throw new DmraceError('usage', {
    observed: `--format ${name}: an audit has no such form`,
    action: `use ${AUDIT_FORMAT_NAMES.join(', ')}`,
  });
}

/** An audit in a format. */
export async function renderedAudit(name: AuditFormatName, view: AuditView): Promise<string> {
  const { damage, timing, directory, manifest } = view;
  // People's text goes to a terminal as it is; files and data keep what was recorded.
  const result = name === 'pretty' ? shownDeep(view.result) : view.result;
  return AUDIT_FORMATS[name].end({
    result,
    timing,
    directory,
    manifest,
    damage,
    paint: paintFor(process.stdout),
    docker: dockerWords(),
    parts: () => pageParts('audit.js'),
  });
}

/** Prints an audit to stdout, and tells GitHub when it runs there. */
export async function printAudit(name: AuditFormatName, view: AuditView): Promise<void> {
  out(await renderedAudit(name, view));
  writeGithub({
    annotations: () => (name === 'github' ? '' : auditAnnotations(view.result)),
    summary: (limitBytes) => auditSummary(view.result, limitBytes),
  });
}
