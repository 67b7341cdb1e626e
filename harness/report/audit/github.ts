// SPDX-License-Identifier: MIT
import type { AuditResult } from '../../judge/audit.js';
import { alarmingModules } from '../../judge/audit-reasons.js';
import type { AuditVerdict } from '../../judge/audit-verdict.js';
import { annotation, fitted, html, MAX_ANNOTATIONS, SUMMARY_LIMIT_BYTES } from '../github.js';
import { codeBlock, plainText } from '../markdown-text.js';
import { auditSentence } from './sentence.js';

const LEVEL: Readonly<Record<AuditVerdict, string>> = {
  found: 'error',
  'nothing-seen': 'notice',
  inconclusive: 'warning',
};

/** Workflow commands: the verdict with its reasons, then each finding that makes the exit code 1. */
export function auditAnnotations(result: AuditResult): string {
  const { verdict, reasons, findings, red, exitCode } = result;
  const first = annotation(
    verdict === 'found' && exitCode === 0 ? 'warning' : LEVEL[verdict],
    `dmrace audit: ${verdict}`,
    [auditSentence(result), ...reasons].join('\n'),
  );
  const loud = findings
    .filter(({ id }) => red.some(({ finding }) => finding === id))
    .slice(0, MAX_ANNOTATIONS - 1)
    .map((finding) =>
      annotation(
        'error',
        `${finding.word}: ${finding.id}`,
        [
          finding.title,
          ...(finding.address === null ? [] : [`at ${finding.address}`]),
          `modules: ${alarmingModules(finding).join(', ')}`,
          finding.needs,
        ].join('\n'),
      ),
    );
  return [first, ...loud].join('');
}

/** The job summary in GitHub's Markdown, at most `limitBytes` of UTF-8. */
export function auditSummary(result: AuditResult, limitBytes = SUMMARY_LIMIT_BYTES): string {
  const { verdict, kernel, reasons, findings } = result;
  const rows = findings.map(
    ({ word, id, modules, address }) =>
      `| ${word} | ${plainText(id)} | ${modules.length} | ${plainText(address ?? '')} |\n`,
  );
  const reports = findings.flatMap(({ id, proof }) =>
    proof === null
      ? []
      : [
          `\n<details><summary>${html(id)}: ${html(proof.finding.title)}</summary>\n\n${codeBlock(proof.finding.text)}\n</details>\n`,
        ],
  );
  return fitted(
    [
      `## dmrace audit: ${verdict}\n\n${plainText(auditSentence(result))} Kernel ${plainText(kernel.release)} (${plainText(kernel.version)}, ${kernel.arch}).\n\n`,
      reasons.map((reason) => `- ${plainText(reason)}\n`).join(''),
      `\n| word | finding | modules | address |\n|---|---|---|---|\n${rows.join('')}`,
      ...reports,
    ],
    limitBytes,
  );
}
