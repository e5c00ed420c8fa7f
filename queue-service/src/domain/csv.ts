import { isoTime } from '@fairgate/shared/clock.ts';
import type { SaleSummary } from './summary.ts';

export type Cell = string | number | boolean | null;

/** RFC 4180: CRLF between rows, quotes where a cell needs them. */
export function csv(rows: readonly (readonly Cell[])[]): string {
  return rows.map((row) => `${row.map(csvCell).join(',')}\r\n`).join('');
}

/**
 * Spreadsheets run cells that begin with these as formulas (OWASP: CSV injection). They get an
 * apostrophe in front, and so does what looks like one that has it: `unshielded` finds it again.
 */
const formulaStart = /^'*[=+\-@\t\r\n]/;

function shielded(text: string): string {
  return formulaStart.test(text) ? `'${text}` : text;
}

/** The text that was written as this cell. */
export function unshielded(cell: string): string {
  return cell.startsWith("'") && formulaStart.test(cell) ? cell.slice(1) : cell;
}

function csvCell(cell: Cell): string {
  if (cell === null) return '';
  if (typeof cell !== 'string') return String(cell);
  const harmless = shielded(cell);
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

type Column<T> = [name: string, cell: (of: T) => Cell];
type Product = SaleSummary['products'][number];

const productColumns: Column<Product>[] = [
  ['productId', ({ productId }) => productId],
  ['name', ({ name }) => name],
  ['total', ({ total }) => total],
  ['free', ({ free }) => free],
  ['held', ({ held }) => held],
  ['sold', ({ sold }) => sold],
  ['revenueMinor', ({ revenueMinor }) => revenueMinor],
  ['currency', ({ currency }) => currency],
];

/** New columns stand behind those that were there before, so that readers by position go on. */
const laterProductColumns: Column<Product>[] = [
  ['soldInSale', ({ soldInSale }) => soldInSale],
  ['refundedMinor', ({ refundedMinor }) => refundedMinor],
];

const laterSaleColumns: Column<SaleSummary>[] = [
  ['saleName', ({ name }) => name],
  ['saleState', ({ state }) => state],
  ['totalUnits', ({ totals }) => totals.total],
  ['totalFree', ({ totals }) => totals.free],
  ['totalHeld', ({ totals }) => totals.held],
  ['totalSold', ({ totals }) => totals.sold],
  ['totalRevenueMinor', ({ totals }) => totals.revenueMinor],
  ['totalRefundedMinor', ({ totals }) => totals.refundedMinor],
  ['ordersPaid', ({ orders }) => orders.paid],
  ['ordersAwaitingPayment', ({ orders }) => orders.awaitingPayment],
  ['ordersExpired', ({ orders }) => orders.expired],
  ['ordersCancelled', ({ orders }) => orders.cancelled],
  ['ordersRefunded', ({ orders }) => orders.refunded],
  ['blockedByReason', ({ blocked }) => blockedText(blocked)],
  ['checkedAt', ({ reconciliation }) => isoTime(reconciliation.checkedAt)],
  ['differences', ({ reconciliation }) => reconciliation.differences.join(' ')],
];

/** One row for each product; the sale's own figures stand in every row, so that none is lost. */
export function summaryCsv(summary: SaleSummary): string {
  const { funnel, waits } = summary;
  const sale: [string, Cell][] = [
    ['saleId', summary.id],
    ...Object.entries(funnel),
    ['p50Seconds', waits.p50Seconds],
    ['p95Seconds', waits.p95Seconds],
    ['reconciled', summary.reconciled],
  ];
  const laterSale = laterSaleColumns.map(([name, cell]): [string, Cell] => [name, cell(summary)]);
  const names = [productColumns, sale, laterProductColumns, laterSale].flatMap((columns) =>
    columns.map(([name]) => name),
  );
  const rows = summary.products.map((product): Cell[] => [
    ...productColumns.map(([, cell]) => cell(product)),
    ...sale.map(([, value]) => value),
    ...laterProductColumns.map(([, cell]) => cell(product)),
    ...laterSale.map(([, value]) => value),
  ]);
  return csv([names, ...rows]);
}

/** `banned=3; rate-limited=12`. */
function blockedText(blocked: Readonly<Record<string, number>>): string {
  return Object.entries(blocked)
    .map(([reason, count]) => `${reason}=${count}`)
    .sort()
    .join('; ');
}
