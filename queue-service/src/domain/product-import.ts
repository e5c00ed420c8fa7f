import { type ProductRecord, unitsTotal } from './records.ts';

/** Unit rows made by one request for one product; more are added by further ones. */
export const unitsAddedMax = 1_000_000;
/** Unit rows made by one import, or one copy: some minutes of Postgres' time. */
export const unitsInAllMax = 5_000_000;

export type ProductFields = Pick<
  ProductRecord,
  'name' | 'description' | 'imageUrl' | 'priceMinor' | 'currency'
>;

/** What is undefined stays as it is. */
export type FieldChanges = { [K in keyof ProductFields]?: ProductFields[K] | undefined };

/** A row of a product file. `stock`: all units; what the file has no column for is left out. */
export type ImportedRow = { line: number } & (
  | { kind: 'new'; fields: ProductFields; stock: number }
  | { kind: 'change'; id: string; fields: FieldChanges; stock: number | null }
);

export type RowPlan =
  | { kind: 'created'; fields: ProductFields; add: number }
  /** `fields`: what differs; `after`: all of them. */
  | {
      kind: 'changed';
      before: ProductRecord;
      fields: FieldChanges;
      after: ProductFields;
      add: number;
    }
  | { kind: 'unchanged' }
  | { kind: 'refused'; messages: string[] };

/** What a row does to the product that it names; `saleId`: the sale that offers it, not closed. */
export function planRow(
  row: ImportedRow,
  before: ProductRecord | null,
  saleId: string | null,
): RowPlan {
  if (row.kind === 'new') return { kind: 'created', fields: row.fields, add: row.stock };
  if (before === null) return { kind: 'refused', messages: ['id: there is no such product'] };
  const fields = differing(before, row.fields);
  const present = unitsTotal(before.counts);
  const add = (row.stock ?? present) - present;
  const messages: string[] = [];
  if (fields.currency !== undefined && saleId !== null) {
    messages.push(`currency: is that of ${saleId}, which is not closed`);
  }
  if (add < 0) messages.push(`stock: there are ${present} units, and none can be taken away`);
  if (add > unitsAddedMax) messages.push(`stock: adds more than ${unitsAddedMax} units`);
  if (messages.length > 0) return { kind: 'refused', messages };
  if (add === 0 && Object.keys(fields).length === 0) return { kind: 'unchanged' };
  return { kind: 'changed', before, fields, after: changedBy(before, fields), add };
}

function differing(before: ProductFields, wanted: FieldChanges): FieldChanges {
  const was = new Map<string, unknown>(Object.entries(before));
  const given = Object.entries(wanted).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.filter(([name, value]) => was.get(name) !== value));
}

function changedBy(before: ProductFields, fields: FieldChanges): ProductFields {
  return {
    name: fields.name ?? before.name,
    description: fields.description ?? before.description,
    imageUrl: fields.imageUrl === undefined ? before.imageUrl : fields.imageUrl,
    priceMinor: fields.priceMinor ?? before.priceMinor,
    currency: fields.currency ?? before.currency,
  };
}
