// SPDX-License-Identifier: MIT
// The script of an audit's page: sorts the tables by the column that is asked for. Without it the
// page is whole, only in its own order.

/** What a cell is sorted by: its `data-key`, else its text; as a number where both are numbers. */
function compare(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)];
  return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b, 'en') : x - y;
}

function sortBy(table: HTMLTableElement, column: number): void {
  const heads = [...(table.tHead?.rows[0]?.cells ?? [])];
  const head = heads[column];
  const body = table.tBodies[0];
  if (!head || !body) return;
  const ascending = head.getAttribute('aria-sort') !== 'ascending';
  for (const other of heads) other.removeAttribute('aria-sort');
  head.setAttribute('aria-sort', ascending ? 'ascending' : 'descending');
  const key = (row: HTMLTableRowElement): string => {
    const cell = row.cells[column];
    return cell?.dataset.key ?? cell?.textContent ?? '';
  };
  const rows = [...body.rows].sort((a, b) => compare(key(a), key(b)));
  body.append(...(ascending ? rows : rows.reverse()));
}

for (const table of document.querySelectorAll<HTMLTableElement>('table.findings')) {
  [...(table.tHead?.rows[0]?.cells ?? [])].forEach((head, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    button.addEventListener('click', () => sortBy(table, column));
    head.append(button);
  });
}
