import type { Products } from '../app/products.ts';
import type { ProductRecord } from '../domain/records.ts';
import type { Authenticate } from './auth.ts';
import { type Api, type ApiContext, serve } from './endpoint.ts';
import { productEndpoints } from './endpoints.ts';
import { etag } from './etag.ts';
import { onePage } from './list.ts';
import { viewProduct } from './views.ts';

export function productRoutes(api: Api, authenticate: Authenticate, products: Products): void {
  const { create, list, get, patch, remove, addStock } = productEndpoints;
  serve(api, authenticate, create, async ({ c, caller, body }) =>
    answer(c, await products.create(caller, body), 201),
  );
  serve(api, authenticate, list, async ({ c, query }) =>
    c.json(await onePage('prod', query, products.page, viewProduct)),
  );
  serve(api, authenticate, get, async ({ c, id }) => answer(c, await products.get(id)));
  serve(api, authenticate, patch, async ({ c, caller, id, body, expected }) =>
    answer(c, await products.patch(caller, id, body, expected)),
  );
  serve(api, authenticate, remove, async ({ c, caller, id, expected }) => {
    await products.remove(caller, id, expected);
    return c.body(null, 204);
  });
  serve(api, authenticate, addStock, async ({ c, caller, id, body, expected }) =>
    answer(c, await products.addStock(caller, id, body.add, expected)),
  );
}

function answer(c: ApiContext, product: ProductRecord, status: 200 | 201 = 200): Response {
  c.header('etag', etag(product.version));
  if (status === 201) c.header('location', `/v1/products/${product.id}`);
  return c.json(viewProduct(product), status);
}
