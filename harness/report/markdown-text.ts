// SPDX-License-Identifier: MIT

/** What would act on a reader instead of being read: controls, and marks that turn text round. */
const UNREADABLE =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A line of text as one line, with nothing in it that acts. */
const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').replaceAll(UNREADABLE, '?');

/**
 * Text for a line of Markdown or a cell of a table: nothing in it is markup, of CommonMark 0.31 or of
 * GitHub's tables, strikes and bare links. Only what would act is escaped, because a mail shows the
 * source: names with underscores stay readable.
 */
export const plainText = (text: string): string =>
  oneLine(text)
    .replaceAll(/[\\`*[\]<|~]/g, '\\$&')
    // 6.2, rules 2 and 6: an underscore within a word is none of emphasis.
    .replaceAll(/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\_')
    .replaceAll(/&(?=#|\w)/g, '\\&')
    // 6.9 of GitHub's specification: bare links and addresses.
    .replaceAll(/:\/\//g, ':\\//')
    .replaceAll(/www\./gi, (found) => `${found.slice(0, 3)}\\.`)
    .replaceAll('@', '\\@')
    // What begins a block at the start of a line.
    .replace(/^ ?([-+#=](?=[-+#=]*(?: |$))|>)/, '\\$1')
    .replace(/^ ?(\d{1,9})([.)])(?= |$)/, '$1\\$2');

/** Text as code within a line, whatever backticks it has (6.1). Not for tables: `|` parts a cell. */
export function codeSpan(text: string): string {
  const line = oneLine(text);
  const ticks = '`'.repeat(longestRun(line) + 1);
  const pad = /^`|`$|^ .* $/.test(line) || line === '' ? ' ' : '';
  return `${ticks}${pad}${line}${pad}${ticks}`;
}

/** A code block whose fence is longer than any in the text (4.5). */
export function codeBlock(lines: readonly string[], language = 'text'): string {
  const text = lines.join('\n').replaceAll(UNREADABLE, '?');
  const fence = '`'.repeat(Math.max(3, longestRun(text) + 1));
  return `${fence}${language}\n${text}\n${fence}\n`;
}

const longestRun = (text: string): number =>
  Math.max(0, ...[...text.matchAll(/`+/g)].map((found) => found[0].length));
