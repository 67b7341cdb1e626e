// SPDX-License-Identifier: MIT
import { endText, showed, wasTried } from '../../audit/ends.js';
import type { AuditFinding } from '../../audit/finding.js';
import { NOTHING_SEEN, placeText } from '../../audit/words.js';
import type { AuditResult } from '../../judge/audit.js';
import { knownAuditReasons } from '../../judge/audit-reasons.js';
import { CONFIDENCES, type VisitEnd } from '../../model/audit.js';
import { type Paint, plainTable, plural, wrapped } from '../text.js';
import { auditNext } from './next.js';
import { auditSentence } from './sentence.js';

/** What of a long list is shown, so that all fits one screen. */
const MAX_REASONS = 4;
const MAX_FINDINGS = 12;
const MAX_UNTRIED = 3;
/** What is shown of an identifier or an address; the table has 100 columns. */
const MAX_CELL = 46;

/** What the end screen tells besides the result. */
export interface AuditScreen {
  readonly directory: string;
  /** SHA-256 of the manifest; null for an audit that is only read. */
  readonly manifest: string | null;
  readonly paint: Paint;
  readonly docker: readonly string[];
}

/** The end screen of an audit. */
export function renderAuditText(result: AuditResult, screen: AuditScreen): string {
  const { verdict, kernel } = result;
  const { directory, manifest, paint, docker } = screen;
  const colour = { found: paint.bad, 'nothing-seen': paint.good, inconclusive: paint.doubtful };
  const sentence = auditSentence(result);
  const said = `${sentence.charAt(0).toLowerCase()}${sentence.slice(1)}`;
  return [
    wrapped(`${colour[verdict](paint.strong(verdict))}: ${said}`, ''),
    wrapped(`${kernel.release} (${kernel.version}, ${kernel.arch})`, '  '),
    ...reasonLines(result),
    '',
    ...findingTable(result, paint),
    ...visitLines(result),
    ...controlLine(result),
    `artefacts  ${directory}`,
    ...(manifest === null ? [] : [`manifest   ${manifest}`]),
    ...auditNext(result, directory, docker).map(
      ({ command, why }, index) =>
        `${index === 0 ? 'next' : '    '}       ${command}  ${paint.faint(`# ${why}`)}`,
    ),
    '',
  ].join('\n');
}

/** What a known-issues file excused is never left out. */
function reasonLines({ reasons, known }: AuditResult): string[] {
  const ofFile = known === null ? [] : knownAuditReasons({ ...known, notLookedFor: [] });
  const others = reasons.filter((reason) => !ofFile.includes(reason));
  const more = others.length - MAX_REASONS;
  return [
    ...[...others.slice(0, MAX_REASONS), ...ofFile].map((reason) => wrapped(`- ${reason}`, '  ')),
    ...(more > 0 ? [`  - and ${plural(more, 'reason')} more (--format json has all)`] : []),
  ];
}

const cut = (text: string): string =>
  text.length > MAX_CELL ? `${text.slice(0, MAX_CELL - 1)}…` : text;

/** The findings of guests one by one; those of files are only counted beside them. */
function findingTable({ findings }: AuditResult, paint: Paint): string[] {
  const live = findings.filter(({ word }) => word !== 'listed' && word !== 'hint');
  // Where nothing was visited, what the files say is all there is.
  const told = live.length > 0 ? live : findings;
  const shown = told.slice(0, MAX_FINDINGS);
  const more = told.length - shown.length;
  const counts = CONFIDENCES.flatMap((word) => {
    const mine = findings.filter((finding) => finding.word === word);
    if (mine.length === 0) return [];
    const modules = new Set(mine.flatMap((one) => one.modules.map(({ module }) => module)));
    return [`${word} ${mine.length} (${plural(modules.size, 'module')})`];
  });
  if (findings.length === 0) return ['findings   none', ''];
  return [
    ...(shown.length === 0
      ? []
      : [
          plainTable(
            ['word', 'finding', 'modules', 'where'],
            shown.map((finding) => [
              finding.word,
              cut(finding.id),
              finding.modules.length,
              cut(whereText(finding)),
            ]),
          ),
        ]),
    ...(more > 0 ? [`and ${plural(more, 'finding')} more (--format json or html has all)`] : []),
    paint.faint(`findings by word: ${counts.join(', ')}`),
    '',
  ];
}

/** The address with a proof; what is pointed to without one. Untainted is said. */
function whereText({ word, address, place, proof }: AuditFinding): string {
  if (address !== null) return proof?.tainted === false ? `untainted: ${address}` : address;
  // A protected module has gone nowhere.
  return place === null || word === 'waits' ? '' : placeText(place);
}

const END_WORDS: Readonly<Record<VisitEnd['is'], string>> = {
  unloaded: 'unloaded',
  waited: 'waited',
  builtin: 'built in',
  'not-loaded': 'not loaded',
  'exercise-failed': 'exercise failed',
  'nothing-appeared': 'nothing appeared',
  'not-unloaded': 'not unloaded',
  lost: 'guest lost',
};

function visitLines({ counts, visits, question }: AuditResult): string[] {
  const read = counts.static === null ? [] : [`files      ${plural(counts.static, 'module')} read`];
  if (!question.live) return read;
  const ends = Object.entries(END_WORDS).flatMap(([end, word]) => {
    const times = counts.ends[end as VisitEnd['is']];
    return times === 0 ? [] : [`${times} ${word}`];
  });
  const untried = visits.filter((visit) => !wasTried(visit) && !showed(visit));
  const more = untried.length - MAX_UNTRIED;
  return [
    ...read,
    wrapped(`visits     ${counts.visits}: ${ends.join(', ')}`, ''),
    `silent     ${counts.silent} of them: ${NOTHING_SEEN}`,
    ...untried
      .slice(0, MAX_UNTRIED)
      .map(({ module, end }) => wrapped(`not tried  ${module}: ${endText(end)}`, '')),
    ...(more > 0 ? [`not tried  and ${more} more (--format json has all)`] : []),
  ];
}

function controlLine({ control, question }: AuditResult): string[] {
  if (!question.live) return [];
  const found = control.filter(({ planted, found }) => planted > 0 && found === planted).length;
  const calm = control.filter(({ twins, flagged }) => twins > 0 && flagged === 0).length;
  const of = control.length;
  return [`control    ${found} of ${of} planted mistakes found, ${calm} of ${of} twins silent`, ''];
}
