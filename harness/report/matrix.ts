// SPDX-License-Identifier: MIT
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

/**
 * The cells of a matrix as one text for stdout.
 * @param columns the width that the pretty table is to keep, wrapping the widest columns; null for
 *   as wide as it gets
 */
export function renderMatrix(
  cells: readonly MatrixCell[],
  format: MatrixFormat,
  columns: number | null = null,
): string {
  switch (format) {
    case 'json':
      return `${JSON.stringify({ schema: 1, exitCode: matrixExitCode(cells), cells }, null, 2)}\n`;
    case 'markdown':
      return [HEAD, HEAD.map(() => '---'), ...cells.map(row)]
        .map((columns) => `| ${columns.map(escapeCell).join(' | ')} |\n`)
        .concat(seriesOf(cells).map((line) => `\n${escapeCell(line)}\n`))
        .join('');
    case 'pretty': {
      const rows = cells.map(row);
      const table = new Table({
        head: HEAD,
        style: { head: [], border: [] },
        ...(columns === null ? {} : { colWidths: fitting([HEAD, ...rows], columns) }),
        wordWrap: true,
        wrapOnWordBoundary: false, // a path is one word
      });
      table.push(...rows);
      return [table.toString(), ...seriesOf(cells)].map((line) => `${line}\n`).join('');
    }
  }
}

/** The series on top of the kernels, a line for each patch; of a matrix all cells have the same. */
function seriesOf(cells: readonly MatrixCell[]): string[] {
  const patches = cells.flatMap((cell) =>
    cell.state === 'failed' ? [] : (cell.identity.patches ?? []),
  );
  const lines = patches.map(
    ({ subject, file, sha256 }) => `with ${subject ?? file} (${sha256.slice(0, 12)})`,
  );
  return [...new Set(lines)];
}

/** No column gets narrower than this, however narrow the terminal is. */
const NARROWEST = 12;

/** Widths of columns, two blanks included, that together with their borders keep within `columns`. */
function fitting(rows: readonly (readonly string[])[], columns: number): number[] {
  const widths = HEAD.map((_, index) => 2 + Math.max(...rows.map((r) => r[index]?.length ?? 0)));
  const spare = (): number => columns - widths.length - 1 - widths.reduce((sum, w) => sum + w, 0);
  while (spare() < 0) {
    const widest = Math.max(...widths);
    if (widest <= NARROWEST) break;
    widths[widths.indexOf(widest)] = widest - 1;
  }
  return widths;
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
