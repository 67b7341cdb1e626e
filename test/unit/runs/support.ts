// SPDX-License-Identifier: MIT
import { type LedgerEntry, ledgerLine, NO_LINES } from '../../../harness/runs/ledger.js';

/** trials.jsonl as a run writes it that judges these trials in turn. */
export function ledgerText(...entries: readonly LedgerEntry[]): string {
  let end = NO_LINES;
  return entries
    .map((entry) => {
      const next = ledgerLine(entry, end);
      end = next.end;
      return `${next.line}\n`;
    })
    .join('');
}
