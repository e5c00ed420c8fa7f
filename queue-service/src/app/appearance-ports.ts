import type { Appearance } from '@fairgate/shared/appearance.ts';
import type { AppearanceRecord } from '../domain/records.ts';

/** The looks of sales, in Postgres; see `sale_appearances` in the schema. */
export type AppearanceRows = {
  /** Null where the sale never had one. */
  find(saleId: string): Promise<AppearanceRecord | null>;
  /** Raises the version; `now` in ms. */
  put(saleId: string, appearance: Appearance, now: number): Promise<void>;
};

/** `removed`: what was taken out, for people: `<script>`, `onclick of <p>`. */
export type CleanHtml = (html: string) => { html: string; removed: string[] };
