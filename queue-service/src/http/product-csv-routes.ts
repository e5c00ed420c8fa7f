import { createHash } from 'node:crypto';
import { bodyBytes, requireType } from '@fairgate/shared/http/body.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import { z } from 'zod';
import type { Once } from '../app/caller.ts';
import { applyMs, type ImportProducts, importRowsMax, uploadMs } from '../app/product-imports.ts';
import type { Products } from '../app/products.ts';
import type { Authenticate } from './auth.ts';
import { type Api, type ApiContext, type Endpoint, serve } from './endpoint.ts';
import { countsView, productsCsv, productsHeader, readProducts } from './product-csv.ts';

/** 100,000 rows of some 600 bytes. */
const fileBytesMax = 64 * 1_024 * 1_024;
/** Products read together for an export. */
const pageProducts = 1_000;

const importQuery = z.strictObject({
  dryRun: z
    .enum(['true', 'false'])
    .default('false')
    .describe('`true`: what it would do is told, and nothing is done'),
});

export const productCsvEndpoints = {
  export: {
    method: 'GET',
    path: '/v1/products/export',
    role: 'viewer',
    summary: 'All products as CSV, newest first: docs/products-csv.md',
    status: 200,
    alsoTypes: ['text/csv'],
  },
  import: {
    method: 'POST',
    path: '/v1/products/import',
    role: 'operator',
    summary: `Make and change products by CSV, up to ${importRowsMax} rows, all or none: docs/products-csv.md`,
    upload: { type: 'text/csv', bytesMax: fileBytesMax },
    query: importQuery,
    once: true,
    status: 200,
    answer: countsView,
    answerMs: uploadMs + applyMs + 10_000,
  },
} as const satisfies Record<string, Endpoint<unknown, unknown>>;

/** Before the routes of single products, or `export` would be an id. */
export function productCsvRoutes(
  api: Api,
  authenticate: Authenticate,
  { products, importProducts }: { products: Products; importProducts: ImportProducts },
): void {
  serve(api, authenticate, productCsvEndpoints.export, async ({ c }) =>
    c.body(exportStream(products), 200, {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="products.csv"',
      'cache-control': 'no-store',
    }),
  );
  serve(api, authenticate, productCsvEndpoints.import, async ({ c, caller, query }) => {
    requireUtf8(c);
    const bytes = digested(bodyBytes(c, fileBytesMax), caller.once);
    const options = { dryRun: query.dryRun === 'true' };
    return c.json(await importProducts(caller, readProducts(bytes), options));
  });
}

function requireUtf8(c: ApiContext): void {
  requireType(c, 'text/csv');
  const [, charset] = /charset="?([^";\s]+)/i.exec(c.req.header('content-type') ?? '') ?? [];
  if (charset !== undefined && charset.toLowerCase() !== 'utf-8') {
    throw new Problem('unsupported-media-type', 'Send UTF-8.');
  }
}

/** An `Idempotency-Key` stands for the bytes of the file too, once they are known. */
async function* digested(bytes: AsyncIterable<Uint8Array>, once: Once | null) {
  if (once === null) return yield* bytes;
  const digest = createHash('sha256').update(once.digest);
  for await (const chunk of bytes) {
    digest.update(chunk);
    yield chunk;
  }
  once.digest = digest.digest('hex');
}

/** Read from Postgres a page at a time, as fast as it is taken. */
function exportStream({ page }: Pick<Products, 'page'>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let cursor: string | undefined;
  return new ReadableStream(
    {
      start: (controller) => controller.enqueue(encoder.encode(productsHeader)),
      async pull(controller) {
        const found = await page({ cursor, limit: pageProducts });
        if (found.length > 0) controller.enqueue(encoder.encode(productsCsv(found)));
        cursor = found.at(-1)?.id;
        if (found.length < pageProducts) controller.close();
      },
    },
    { highWaterMark: 1 },
  );
}
