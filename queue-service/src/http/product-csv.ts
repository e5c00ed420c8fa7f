import { type Judged, judgeInput } from '@fairgate/shared/http/body.ts';
import { isId } from '@fairgate/shared/ids.ts';
import { z } from 'zod';
import type { LineMistake, ReadRows } from '../app/product-imports.ts';
import { csv, unshielded } from '../domain/csv.ts';
import { type ImportedRow, unitsAddedMax, unitsInAllMax } from '../domain/product-import.ts';
import { type ProductRecord, unitsTotal } from '../domain/records.ts';
import { type CsvRecord, csvPieces } from './csv-file.ts';
import { productFields } from './schemas.ts';

const fieldNames = ['name', 'description', 'imageUrl', 'priceMinor', 'currency', 'stock'] as const;
/** Of the present; an import does not set them. */
const figureNames = ['free', 'held', 'sold'] as const;
const columnNames: readonly string[] = ['id', ...fieldNames, ...figureNames];

export const productsHeader = csv([columnNames]);

/** A row for each; `csv` shields what a spreadsheet would run as a formula. */
export function productsCsv(products: readonly ProductRecord[]): string {
  return csv(
    products.map(({ id, name, description, imageUrl, priceMinor, currency, counts }) => {
      const { free, held, sold } = counts;
      const fields = [id, name, description, imageUrl, priceMinor, currency];
      return [...fields, unitsTotal(counts), free, held, sold];
    }),
  );
}

const whole = z
  .string()
  .regex(/^\d{1,15}$/, { error: 'must be a whole number', abort: true })
  .transform(Number);

/** As the JSON calls have them, from text. */
const cellFields = {
  ...productFields,
  imageUrl: z
    .string()
    .transform((text) => (text === '' ? null : text))
    .pipe(productFields.imageUrl),
  priceMinor: whole.pipe(productFields.priceMinor),
};
const newFields = z.strictObject({
  ...cellFields,
  description: cellFields.description.default(''),
  imageUrl: cellFields.imageUrl.default(null),
});
const changedFields = z.strictObject(cellFields).partial();
const newStock = whole.pipe(z.int().max(unitsAddedMax));
/** All units: more than one import can add may be there already. */
const changedStock = whole.optional();

/** Rows and mistakes, as the bytes come. Ends with the first thing after which nothing is sure. */
export async function* readProducts(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ReadRows> {
  let columns: string[] | null = null;
  const seen = new Map<string, number>();
  for await (const piece of csvPieces(bytes)) {
    if (piece.kind === 'broken') return yield { rows: [], mistakes: [piece] };
    const read: ReadRows = { rows: [], mistakes: [] };
    for (const record of piece.records) {
      // An empty line, as some programs leave at the end.
      if (record.cells.length === 1 && record.cells[0] === '') continue;
      if (columns === null) {
        columns = record.cells.map((name) => name.trim());
        const wrong = headerMistakes(columns, record.line);
        if (wrong.length > 0) return yield { rows: [], mistakes: wrong };
      } else {
        readRecord(record, columns, seen, read);
      }
    }
    yield read;
  }
  if (columns === null) yield { rows: [], mistakes: [at(1, 'has to name the columns')] };
}

function at(line: number, message: string): LineMistake {
  return { line, message };
}

function headerMistakes(names: readonly string[], line: number): LineMistake[] {
  const unknown = names.filter((name) => !columnNames.includes(name));
  const twice = names.filter((name, i) => names.indexOf(name) !== i);
  const needed = ['name', 'priceMinor', 'currency', 'stock'].filter((it) => !names.includes(it));
  const expected = `columns are ${columnNames.join(', ')}, with commas between them`;
  return [
    ...[...new Set(unknown)].map((name) => at(line, `${shown(name)}: no such column; ${expected}`)),
    ...[...new Set(twice)].map((name) => at(line, `${shown(name)}: is there twice`)),
    ...(names.includes('id') ? [] : needed.map((name) => at(line, `${name}: column is missing`))),
  ];
}

function shown(name: string): string {
  return JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name);
}

function readRecord(
  { line, cells }: CsvRecord,
  columns: readonly string[],
  seen: Map<string, number>,
  read: ReadRows,
): void {
  if (cells.length !== columns.length) {
    const message = `has ${cells.length} cells, and the header ${columns.length}`;
    read.mistakes.push(at(line, message));
    return;
  }
  const given = columns.map((name, i): [string, string] => [name, unshielded(cells[i] ?? '')]);
  const { id = '', free: _, held: __, sold: ___, ...fields } = Object.fromEntries(given);
  const idMistake = id === '' ? null : mistakeOfId(id, line, seen);
  if (idMistake !== null) read.mistakes.push(at(line, idMistake));
  const judged = id === '' ? newRow(line, fields) : changedRow(line, id, fields);
  if (judged.kind === 'valid') {
    if (idMistake === null) read.rows.push(judged.data);
    return;
  }
  for (const { path, message } of judged.mistakes)
    read.mistakes.push(at(line, `${path}: ${message}`));
}

function mistakeOfId(id: string, line: number, seen: Map<string, number>): string | null {
  if (!isId('prod', id)) return 'id: is not the id of a product';
  const before = seen.get(id);
  seen.set(id, before ?? line);
  return before === undefined ? null : `id: is in line ${before} already`;
}

type Cells = Record<string, string>;

function newRow(line: number, { stock, ...cells }: Cells): Judged<ImportedRow> {
  const fields = judgeInput(newFields, cells);
  const units = judgeInput(z.object({ stock: newStock }), { stock });
  const mistakes = [fields, units].flatMap((one) => (one.kind === 'valid' ? [] : one.mistakes));
  if (fields.kind === 'invalid' || units.kind === 'invalid') return { kind: 'invalid', mistakes };
  const data = { line, kind: 'new', fields: fields.data, stock: units.data.stock } as const;
  return { kind: 'valid', data };
}

function changedRow(line: number, id: string, { stock, ...cells }: Cells): Judged<ImportedRow> {
  const fields = judgeInput(changedFields, cells);
  const units = judgeInput(z.object({ stock: changedStock }), { stock });
  const mistakes = [fields, units].flatMap((one) => (one.kind === 'valid' ? [] : one.mistakes));
  if (fields.kind === 'invalid' || units.kind === 'invalid') return { kind: 'invalid', mistakes };
  const total = units.data.stock ?? null;
  return { kind: 'valid', data: { line, kind: 'change', id, fields: fields.data, stock: total } };
}

export const countsView = z.object({
  created: z.int().min(0),
  updated: z.int().min(0),
  unchanged: z.int().min(0).describe('rows that say what is there already'),
  unitsAdded: z.int().min(0).max(unitsInAllMax),
});
