// SPDX-License-Identifier: MIT
import { renderToString } from 'preact-render-to-string';
import type { AuditResult } from '../../../judge/audit.js';
import type { Damage } from '../../../model/damage.js';
import { auditSentence } from '../../audit/sentence.js';
import { Damaged } from '../head.js';
import { htmlPage, type PageParts } from '../page.js';
import { Control, FilesRead, KernelOf, Visits } from './facts.js';
import { FindingSection, FindingTable } from './findings.js';

/** What a page of an audit is made of. */
export interface AuditPageInput {
  readonly result: AuditResult;
  readonly directory: string;
  readonly damage: readonly Damage[];
  readonly parts: PageParts;
}

/**
 * An audit as one HTML file that needs nothing else: a table of findings that can be sorted, a section
 * for each, and what became of every module. All text goes through Preact's escaping.
 */
export function renderAuditPage({ result, directory, damage, parts }: AuditPageInput): string {
  const { verdict, kernel, findings, reasons } = result;
  const body = renderToString(
    <main>
      <header>
        <p class="where">
          dmrace audit · kernel <b>{kernel.release}</b> ({kernel.version}, {kernel.arch})
        </p>
        <h1>
          <span class={`verdict ${verdict}`}>{verdict}</span> {auditSentence(result)}
        </h1>
        {damage.length > 0 && <Damaged damage={damage} />}
        <ul class="reasons">
          {reasons.map((reason) => (
            <li>{reason}</li>
          ))}
        </ul>
      </header>
      <FindingTable findings={findings} />
      {findings.map((finding) => (
        <FindingSection finding={finding} />
      ))}
      <Control result={result} />
      <Visits result={result} />
      <FilesRead result={result} />
      <KernelOf result={result} directory={directory} />
    </main>,
  );
  return htmlPage({
    title: `dmrace audit: ${verdict} on ${kernel.release}`,
    body,
    parts,
    data: null,
  });
}
