// SPDX-License-Identifier: MIT
import type { AuditResult } from '../../judge/audit.js';
import type { KernelIdentity } from '../../model/kernel-identity.js';
import { buildWords } from '../next.js';

/** A command to go on with, and why. */
interface Next {
  readonly command: string;
  readonly why: string;
}

/** The options that name a kernel, and how it was built. */
const kernelWords = ({ spec, build }: KernelIdentity): string[] => [
  ...(spec === 'debian' ? [] : [`--kernel ${spec}`]),
  ...(build === undefined ? [] : buildWords(build, '')),
];

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
            command: [
              `${dmrace} audit --live ${listed.modules[0].module}`,
              ...kernelWords(kernel),
            ].join(' '),
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
