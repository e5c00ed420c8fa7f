import { useState } from 'preact/hooks';
import { webhookTypeWords } from '../api/webhooks.ts';
import { TextField, type useSending } from '../parts/form.tsx';
import { say } from '../parts/toasts.tsx';

export type WebhookWish = { url: string; description: string; eventTypes: string[] | null };

type FormProps = {
  was: WebhookWish;
  action: string;
  sending: ReturnType<typeof useSending>;
  onSubmit(wish: WebhookWish): void;
};

/** Where to, what for, and which events. */
export function WebhookForm({ was, action, sending, onSubmit }: FormProps) {
  const [wish, setWish] = useState(was);
  const set = (part: Partial<WebhookWish>) => setWish({ ...wish, ...part });
  const { isBusy, mistakes } = sending;
  const submit = (event: Event) => {
    event.preventDefault();
    onSubmit(wish);
  };
  return (
    <form onSubmit={submit}>
      <div class="grid">
        <TextField
          label="Address"
          value={wish.url}
          onInput={(url) => set({ url })}
          mistake={mistakes.url}
          placeholder="https://shop.example/hooks"
          hint="Public, and by https."
          required
        />
        <TextField
          label="For what"
          value={wish.description}
          onInput={(description) => set({ description })}
          mistake={mistakes.description}
          placeholder="the warehouse"
        />
      </div>
      <Types types={wish.eventTypes} onChange={(eventTypes) => set({ eventTypes })} />
      <button type="submit" disabled={isBusy || wish.eventTypes?.length === 0}>
        {action}
      </button>
    </form>
  );
}

const allTypes = Object.entries(webhookTypeWords);

/** Null: all of them. */
function Types({ types, onChange }: TypesProps) {
  const chosen = new Set(types ?? []);
  const toggle = (type: string) =>
    onChange(allTypes.flatMap(([one]) => ((one === type) !== chosen.has(one) ? [one] : [])));
  return (
    <fieldset class="types">
      <legend>Events</legend>
      <label class="choice">
        <input
          type="checkbox"
          checked={types === null}
          onChange={() => onChange(types === null ? allTypes.map(([type]) => type) : null)}
        />
        <span>All, those too that are added later</span>
      </label>
      {types !== null &&
        allTypes.map(([type, words]) => (
          <label key={type} class="choice">
            <input type="checkbox" checked={chosen.has(type)} onChange={() => toggle(type)} />
            <code>{type}</code>
            <span class="muted">{words}</span>
          </label>
        ))}
    </fieldset>
  );
}
type TypesProps = { types: string[] | null; onChange(types: string[] | null): void };

/** A secret that is shown this once, to be copied. */
export function Secret({ secret }: { secret: string }) {
  const copy = () => {
    navigator.clipboard.writeText(secret).then(
      () => say('The secret is copied.'),
      () => say('The browser does not let it be copied: select it by hand.'),
    );
  };
  return (
    <div class="notice" role="status">
      Copy it now, it is shown this once: <code class="secret">{secret}</code>{' '}
      <button type="button" class="button-quiet" onClick={copy}>
        Copy<span class="hidden-words"> the secret</span>
      </button>
    </div>
  );
}
