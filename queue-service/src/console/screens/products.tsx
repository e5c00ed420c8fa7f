import { useState } from 'preact/hooks';
import { ask, getAll, may } from '../api/client.ts';
import { useLoad } from '../api/load.ts';
import type { Product } from '../api/shapes.ts';
import { useSending } from '../parts/form.tsx';
import { Card, Heading, StockBar, Table, Trouble, Waiting } from '../parts/pieces.tsx';
import { complain, say } from '../parts/toasts.tsx';
import { money, plural } from '../parts/words.ts';
import { ProductForm } from './product-form.tsx';

/** What there is to sell, and how much of it. */
export function Products() {
  const { data, trouble, reload } = useLoad(() => getAll<Product>('/v1/products?limit=100'), 'all');
  const [open, setOpen] = useState<Product | 'new' | null>(null);
  const done = () => {
    setOpen(null);
    reload();
  };
  const mayChange = may('operator');
  const add = mayChange && (
    <button type="button" onClick={() => setOpen('new')}>
      New product
    </button>
  );
  return (
    <>
      <Heading aside={add}>Products</Heading>
      {trouble && <Trouble text={trouble} retry={reload} />}
      {open !== null && (
        <Card title={open === 'new' ? 'A new product' : open.name}>
          <ProductForm
            key={open === 'new' ? 'new' : open.id}
            product={open === 'new' ? null : open}
            onDone={done}
            onCancel={() => setOpen(null)}
          />
        </Card>
      )}
      {!data && !trouble && <Waiting />}
      {data && (
        <Table
          caption="Products"
          rows={data}
          keyOf={({ id }) => id}
          empty="There is nothing to sell yet."
          columns={[
            { head: 'Product', cell: ({ name }) => name },
            {
              head: 'Price',
              isNumber: true,
              cell: ({ priceMinor, currency }) => money(priceMinor, currency),
            },
            { head: 'Units', cell: (product) => <StockBar {...product} /> },
            {
              head: '',
              cell: (product) =>
                mayChange && (
                  <button type="button" class="button-quiet" onClick={() => setOpen(product)}>
                    Change<span class="hidden-words"> {product.name}</span>
                  </button>
                ),
            },
          ]}
        />
      )}
      <Csv onDone={reload} />
    </>
  );
}

type Imported = { created: number; updated: number; unchanged: number; unitsAdded: number };

/** All of them as CSV, out and in. */
function Csv({ onDone }: { onDone(): void }) {
  const { isBusy, run } = useSending();
  const bring = (input: HTMLInputElement) => {
    const file = input.files?.[0];
    if (file === undefined) return;
    void run(async () => {
      const asking = { body: file, type: 'text/csv' };
      const { data } = await ask<Imported>('POST', '/v1/products/import', asking);
      const { created, updated, unitsAdded } = data;
      say(`${created} made, ${updated} changed, ${plural(unitsAdded, 'unit')} added.`);
    })
      .then(onDone, complain)
      .finally(() => {
        input.value = '';
      });
  };
  return (
    <Card title="As CSV">
      <p class="muted">
        What you download can be changed and brought back: a row with an id changes that product,
        one without makes a new one. All rows are taken, or none.
      </p>
      <div class="row">
        <a class="button button-quiet" href="/v1/products/export" download="products.csv">
          Download
        </a>
        {may('operator') && (
          <label class="button button-quiet file">
            {isBusy ? 'Bringing…' : 'Bring a file'}
            <input
              type="file"
              accept=".csv,text/csv"
              disabled={isBusy}
              onChange={(event) => bring(event.currentTarget)}
            />
          </label>
        )}
      </div>
    </Card>
  );
}
