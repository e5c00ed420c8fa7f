import type { SaleSummary } from './summary.ts';

type Cell = string | number | boolean | null;

/** RFC 4180: CRLF between rows, quotes where a cell needs them. */
export function csv(rows: readonly (readonly Cell[])[]): string {
  return rows.map((row) => `${row.map(csvCell).join(',')}\r\n`).join('');
}

/** Spreadsheets run cells that begin with these as formulas (OWASP: CSV injection). */
const formulaStart = /^[=+\-@\t\r\n]/;

function csvCell(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell !== 'string') return String(cell);
  const harmless = formulaStart.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

/** One row for each product; the sale's own figures stand in every row, so that none is lost. */
export function summaryCsv(summary: SaleSummary): string {
  const { funnel, waits } = summary;
  const saleCells: [string, Cell][] = [
    ['saleId', summary.id],
    ...Object.entries(funnel),
    ...Object.entries(waits),
    ['reconciled', summary.reconciled],
  ];
  const header = 'productId name total free held sold revenueMinor currency'.split(' ');
  const rows = summary.products.map((product): Cell[] => [
    product.productId,
    product.name,
    product.total,
    product.free,
    product.held,
    product.sold,
    product.revenueMinor,
    product.currency,
    ...saleCells.map(([, value]) => value),
  ]);
  return csv([[...header, ...saleCells.map(([name]) => name)], ...rows]);
}
