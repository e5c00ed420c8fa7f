import { useState } from 'preact/hooks';
import { ApiProblem, ask } from '../api/client.ts';
import { type OnceKey, useOnceKey } from '../api/once-key.ts';
import { seenVersion } from '../api/seen.ts';
import type { Product } from '../api/shapes.ts';
import { confirmThat } from '../parts/confirm.tsx';
import { TextField, useSending } from '../parts/form.tsx';
import { say } from '../parts/toasts.tsx';
import { decimalsOf, plural } from '../parts/words.ts';

type FormProps = {
  product: Product | null;
  onDone(product: Product | null): void;
  onCancel(): void;
};

/** Prices are typed in whole units of their currency, and sent in minor ones. */
function minorOf(text: string, currency: string): number {
  if (!isCurrency(currency)) throw mistake('currency', 'must be like EUR');
  const decimals = decimalsOf(currency);
  const fraction = decimals === 0 ? '' : `([.,]\\d{1,${decimals}})?`;
  if (!new RegExp(`^\\d{1,10}${fraction}$`).test(text.trim())) {
    const like = decimals === 0 ? '4500' : `45.${'0'.repeat(decimals)}`;
    throw mistake('priceMinor', `must be like ${like}, without a sign for thousands`);
  }
  return Math.round(Number(text.trim().replace(',', '.')) * 10 ** decimals);
}

/** As the API would say it, before it is asked. */
function mistake(path: string, message: string): ApiProblem {
  return new ApiProblem(0, 'invalid-request', 'Some of the input is not valid.', [
    { path, message },
  ]);
}

const isCurrency = (text: string) => /^[A-Z]{3}$/.test(text);

function textOf({ priceMinor, currency }: Product): string {
  const decimals = decimalsOf(currency);
  return (priceMinor / 10 ** decimals).toFixed(decimals);
}

/** Makes a product, or changes one and its stock. */
export function ProductForm({ product, onDone, onCancel }: FormProps) {
  const [name, setName] = useState(product?.name ?? '');
  const [description, setDescription] = useState(product?.description ?? '');
  const [imageUrl, setImage] = useState(product?.imageUrl ?? '');
  const [price, setPrice] = useState(product === null ? '' : textOf(product));
  const [currency, setCurrency] = useState(product?.currency ?? 'EUR');
  const [stock, setStock] = useState(product === null ? '100' : '0');
  const [known, setKnown] = useState(product);
  const once = useOnceKey();
  const { isBusy, mistakes, run } = useSending();
  const fields = () => ({
    name,
    description,
    imageUrl: imageUrl === '' ? null : imageUrl,
    currency,
    priceMinor: minorOf(price, currency),
  });
  // Units that were added are no stranger's change, and are not added again.
  const onAdded = (now: Product) => {
    setKnown(now);
    setStock('0');
    once.done();
  };
  const save = (event: Event) => {
    event.preventDefault();
    void run(async () => {
      const add = Number(stock);
      const made =
        product === null
          ? await create(fields(), add, once)
          : await change(known ?? product, fields(), add, { once, onAdded });
      if (made !== null) onDone(made);
    });
  };
  return (
    <form onSubmit={save}>
      <div class="grid">
        <TextField label="Name" value={name} onInput={setName} mistake={mistakes.name} required />
        <TextField
          label="Price"
          value={price}
          onInput={setPrice}
          mistake={mistakes.priceMinor}
          placeholder="45.00"
          required
        />
        <TextField
          label="Currency"
          value={currency}
          onInput={(text) => setCurrency(text.toUpperCase())}
          mistake={mistakes.currency}
          required
        />
        <TextField
          label={product === null ? 'Units' : 'Units to add'}
          name="stock"
          type="number"
          min={0}
          value={stock}
          onInput={setStock}
          mistake={mistakes.stock ?? mistakes.add}
          hint={known === null ? '' : `There are ${plural(known.stock, 'unit')}.`}
        />
        <TextField
          label="Image"
          value={imageUrl}
          onInput={setImage}
          mistake={mistakes.imageUrl}
          placeholder="https://…"
        />
        <TextField
          label="Description"
          rows={2}
          value={description}
          onInput={setDescription}
          mistake={mistakes.description}
        />
      </div>
      <div class="row">
        <button type="submit" disabled={isBusy}>
          {product === null ? 'Make it' : 'Save'}
        </button>
        <button type="button" class="button-quiet" onClick={onCancel}>
          Cancel
        </button>
        {known && <Remove product={known} onDone={() => onDone(null)} />}
      </div>
    </form>
  );
}

async function create(fields: object, stock: number, once: OnceKey): Promise<Product> {
  const body = { ...fields, stock };
  const { data } = await ask<Product>('POST', '/v1/products', { body, onceKey: once.of(body) });
  once.done();
  say(`${data.name} is there, with ${plural(data.stock, 'unit')}.`);
  return data;
}

type Adding = { once: OnceKey; onAdded(now: Product): void };

/**
 * The units first: sent again after a lost answer, they are added once and answered the same. Null
 * where it was left for what somebody else changed.
 */
async function change(product: Product, fields: object, add: number, { once, onAdded }: Adding) {
  const path = `/v1/products/${product.id}`;
  let etag = await seenVersion(product, 'Save it');
  if (etag === null) return null;
  if (add > 0) {
    const body = { add };
    const asking = { body, etag, onceKey: once.of(body) };
    const added = await ask<Product>('POST', `${path}/stock`, asking);
    etag = added.etag;
    onAdded(added.data);
  }
  const { data } = await ask<Product>('PATCH', path, { body: fields, etag });
  say(`${data.name} is saved${add > 0 ? `, with ${plural(add, 'unit')} more` : ''}.`);
  return data;
}

function Remove({ product, onDone }: { product: Product; onDone(): void }) {
  const { isBusy, run } = useSending();
  const remove = async () => {
    const text = 'It can be sold no more. Orders of it stay.';
    const title = `Delete ${product.name}`;
    if (!(await confirmThat({ title, text, action: 'Delete', isDangerous: true }))) return;
    let isLeft = false;
    const isDone = await run(async () => {
      const etag = await seenVersion(product, 'Delete it');
      isLeft = etag === null;
      if (isLeft) return;
      await ask('DELETE', `/v1/products/${product.id}`, { etag });
      say(`${product.name} is deleted.`);
    });
    if (isDone && !isLeft) onDone();
  };
  return (
    <button type="button" class="button-bad" disabled={isBusy} onClick={() => void remove()}>
      Delete
    </button>
  );
}
