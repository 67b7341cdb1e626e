// SPDX-License-Identifier: GPL-2.0-only
import Table from 'cli-table3';
import { type MatrixCell, matrixExitCode } from '../model/matrix.js';

const HEAD = ['kernel', 'release', 'scenario', 'verdict', 'subject', 'control', 'what was seen'];

/** Formats of `dmrace matrix`. */
export const MATRIX_FORMATS = ['pretty', 'markdown', 'json'] as const;
export type MatrixFormat = (typeof MATRIX_FORMATS)[number];

/** One line, for people who wait. */
export function matrixLine(cell: MatrixCell): string {
  const [kernel, release, scenario, verdict, subject, control, seen] = row(cell);
  const counts = [subject && `subject ${subject}`, control && `control ${control}`];
  return [`${kernel} (${release}) ${scenario}: ${verdict}`, ...counts, seen]
    .filter(Boolean)
    .join('; ');
}

/** The cells of a matrix as one text for stdout. */
export function renderMatrix(cells: readonly MatrixCell[], format: MatrixFormat): string {
  switch (format) {
    case 'json':
      return `${JSON.stringify({ schema: 1, exitCode: matrixExitCode(cells), cells }, null, 2)}\n`;
    case 'markdown':
      return [HEAD, HEAD.map(() => '---'), ...cells.map(row)]
        .map((columns) => `| ${columns.map(escapeCell).join(' | ')} |\n`)
        .join('');
    case 'pretty': {
      const table = new Table({ head: HEAD, style: { head: [], border: [] } });
      table.push(...cells.map(row));
      return `${table.toString()}\n`;
    }
  }
}

const escapeCell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ');

function row(cell: MatrixCell): string[] {
  switch (cell.state) {
    case 'done':
      return [
        cell.kernel,
        cell.identity.release,
        cell.scenario,
        cell.verdict,
        counts(cell, 'builtin'),
        counts(cell, 'in-module'),
        cell.findings.length > 0 ? cell.findings.join('; ') : (cell.reasons[0] ?? ''),
      ];
    case 'skipped':
      return [cell.kernel, cell.identity.release, cell.scenario, 'skipped', '', '', cell.why];
    case 'failed':
      return [cell.kernel, '?', cell.scenario, `failed (exit ${cell.exitCode})`, '', '', cell.why];
  }
}

/** `5/5 reached, 5 crashed`: of the trials of a placement. */
function counts(cell: MatrixCell & { readonly state: 'done' }, placement: string): string {
  const sum = cell.placements[placement];
  if (!sum) return '';
  return `${sum.reached}/${sum.trials} reached, ${sum.crashed} crashed${sum.lost > 0 ? `, ${sum.lost} lost` : ''}`;
}
