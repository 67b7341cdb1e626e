// SPDX-License-Identifier: MIT
import type { AuditResult } from '../../judge/audit.js';

/** A command to go on with, and why. */
interface Next {
  readonly command: string;
  readonly why: string;
}

/** What to run next. */
export function auditNext(
  { findings, visits, question, kernel }: AuditResult,
  directory: string,
  docker: readonly string[],
): Next[] {
  const dmrace = ['dmrace', ...docker].join(' ');
  const untainted = findings.find(({ proof }) => proof?.tainted === false);
  const listed = findings.find(({ word }) => word === 'listed');
  return [
    ...(untainted
      ? [
          {
            command: `dmrace audit --reproducer ${untainted.id} --from ${directory} --output DIR`,
            why: 'a reproducer that needs no Node',
          },
        ]
      : []),
    ...(!question.live && listed?.modules[0]
      ? [
          {
            command: `${dmrace} audit --live ${listed.modules[0].module}${kernel.spec === 'debian' ? '' : ` --kernel ${kernel.spec}`}`,
            why: 'tries one of those that are listed',
          },
        ]
      : []),
    {
      command: `dmrace report ${directory}`,
      why: visits.length > 0 ? 'every finding and visit as HTML' : 'every finding as HTML',
    },
  ];
}
