import { useState } from 'preact/hooks';
import { ask } from '../api/client.ts';
import { useSending } from '../parts/form.tsx';
import { when } from '../parts/words.ts';

type Preview = { url: string; expiresAt: string };

/** A link that shows the page of a sale in each of its states. */
export function PreviewButton({ saleId }: { saleId: string }) {
  const [made, setMade] = useState<Preview | null>(null);
  const { isBusy, run } = useSending();
  const make = () =>
    void run(async () => {
      setMade((await ask<Preview>('POST', `/v1/sales/${saleId}/preview`)).data);
    });
  return (
    <div class="row">
      <button type="button" class="button-quiet" onClick={make} disabled={isBusy}>
        Preview the page
      </button>
      {made && (
        <a href={made.url} target="_blank" rel="noreferrer">
          Open it; the link is good until {when(made.expiresAt)}
        </a>
      )}
    </div>
  );
}
