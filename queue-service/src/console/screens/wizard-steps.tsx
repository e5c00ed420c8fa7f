import { useState } from 'preact/hooks';
import { getAll } from '../api/client.ts';
import { useLoad } from '../api/load.ts';
import type { Product } from '../api/shapes.ts';
import { SelectField, type Sending, TextField } from '../parts/form.tsx';
import { Card, Trouble, Waiting } from '../parts/pieces.tsx';
import { money, plural } from '../parts/words.ts';
import { ProductForm } from './product-form.tsx';
import type { Draft } from './wizard.tsx';

type StepProps = { draft: Draft; set(patch: Partial<Draft>): void; next(): void };

/** What it sells: products that there are, and new ones. */
export function ProductStep({ draft, set, next }: StepProps) {
  const { data, trouble, reload } = useLoad(() => getAll<Product>('/v1/products?limit=100'), 'all');
  const [isAdding, setAdding] = useState(false);
  const chosen = new Set(draft.productIds);
  const toggle = (id: string) => {
    const without = draft.productIds.filter((one) => one !== id);
    set({ productIds: chosen.has(id) ? without : [...draft.productIds, id] });
  };
  const added = (product: Product | null) => {
    setAdding(false);
    if (product !== null) set({ productIds: [...draft.productIds, product.id] });
    reload();
  };
  return (
    <Card title="What do you sell?">
      {trouble && <Trouble text={trouble} retry={reload} />}
      {!data && !trouble && <Waiting />}
      {data && (
        <fieldset class="choices">
          <legend class="hidden-words">Products</legend>
          {data.map(({ id, name, priceMinor, currency, free }) => (
            <label key={id} class="choice">
              <input type="checkbox" checked={chosen.has(id)} onChange={() => toggle(id)} />
              <span>{name}</span>
              <span class="muted">
                {money(priceMinor, currency)} · {plural(free, 'free unit')}
              </span>
            </label>
          ))}
        </fieldset>
      )}
      {isAdding ? (
        <ProductForm product={null} onDone={added} onCancel={() => setAdding(false)} />
      ) : (
        <div class="row">
          <button type="button" onClick={next} disabled={draft.productIds.length === 0}>
            Next: times
          </button>
          <button type="button" class="button-quiet" onClick={() => setAdding(true)}>
            New product
          </button>
        </div>
      )}
    </Card>
  );
}

type TimeProps = StepProps & { back(): void; sending: Sending };

/** What it is called, when it is, and who is first. */
export function TimeStep({ draft, set, next, back, sending: { mistakes } }: TimeProps) {
  return (
    <Card title="When is it?">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          next();
        }}
      >
        <TextField
          label="Name"
          value={draft.name}
          onInput={(name) => set({ name })}
          mistake={mistakes.name}
          required
        />
        <div class="grid">
          <TextField
            label="Starts"
            type="datetime-local"
            value={draft.startsAt}
            onInput={(startsAt) => set({ startsAt })}
            mistake={mistakes.startsAt}
            hint="Your own time. Empty: as soon as it is published."
          />
          <TextField
            label="Ends"
            type="datetime-local"
            value={draft.endsAt}
            onInput={(endsAt) => set({ endsAt })}
            mistake={mistakes.endsAt}
            hint="Empty: until you close it."
          />
        </div>
        <SelectField
          label="Who is first"
          value={draft.mode}
          options={[
            ['fifo', 'First come, first served'],
            ['lottery', 'Lottery: whoever is in the lobby at the start is drawn'],
          ]}
          onInput={(mode) => set({ mode: mode === 'lottery' ? 'lottery' : 'fifo' })}
        />
        <div class="row">
          <button type="submit" disabled={draft.name.trim() === ''}>
            Next: waiting room
          </button>
          <button type="button" class="button-quiet" onClick={back}>
            Back
          </button>
        </div>
      </form>
    </Card>
  );
}
