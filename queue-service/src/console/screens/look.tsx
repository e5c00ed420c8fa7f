import type { Appearance } from '@fairgate/shared/appearance.ts';
import { useState } from 'preact/hooks';
import { may } from '../api/client.ts';
import { useLoad } from '../api/load.ts';
import { isSameLook, type KeptLook, readLook, saveLook } from '../api/look.ts';
import type { Framed } from '../api/sending.ts';
import { confirmThat } from '../parts/confirm.tsx';
import { TextField, useSending } from '../parts/form.tsx';
import { Card, Trouble, Waiting } from '../parts/pieces.tsx';
import { say } from '../parts/toasts.tsx';
import { LookColours } from './look-colours.tsx';
import { LookHtml } from './look-html.tsx';
import { LookTexts } from './look-texts.tsx';
import { PreviewButton } from './preview.tsx';

/** What the parts of a look show, and how they change it. */
export type LookPart = {
  look: Appearance;
  /** What was wrong when it was sent, by its path in the look. */
  mistakes: Record<string, string>;
  /** It is there to be read alone. */
  isFixed: boolean;
  change(patch: Partial<Appearance>): void;
};

/** The shop's own look of the sale's pages. */
export function Look(framed: Framed) {
  const { id } = framed.sale;
  const { data, trouble, reload } = useLoad(() => readLook(id), id);
  if (trouble && !data) return <Trouble text={trouble} retry={reload} />;
  if (!data) return <Waiting />;
  return <LookForm key={data.etag} framed={framed} first={data} />;
}

function LookForm({ framed, first }: { framed: Framed; first: KeptLook }) {
  const { sale, reload } = framed;
  const [kept, setKept] = useState(first);
  const [look, setLook] = useState(first.look);
  const [removed, setRemoved] = useState<string[]>([]);
  const { isBusy, mistakes, run } = useSending();
  const mayChange = may('operator') && sale.state !== 'closed';
  const isChanged = !isSameLook(look, kept.look);
  const store = (wish: Appearance, done: string) =>
    void run(async () => {
      const saved = await saveLook(sale.id, kept, wish);
      if (saved === null) return;
      setKept(saved);
      setLook(saved.look);
      setRemoved(saved.removed);
      say(done);
    }).then(reload);
  const save = (event: Event) => {
    event.preventDefault();
    if (isChanged) store(look, `The look of ${sale.name} is saved.`);
  };
  const reset = async () => {
    const text = 'The pages look as they do by themselves. What you set is gone.';
    const title = `Take away the look of ${sale.name}`;
    if (await confirmThat({ title, text, action: 'Take it away', isDangerous: true })) {
      store({}, `${sale.name} has no look of its own any more.`);
    }
  };
  const part: LookPart = {
    look,
    mistakes,
    isFixed: !mayChange,
    change: (patch) => setLook((last) => ({ ...last, ...patch })),
  };
  return (
    <form onSubmit={save}>
      {mayChange && (
        <div class="look-bar">
          <button type="submit" disabled={isBusy || !isChanged}>
            Save the look
          </button>
          <button
            type="button"
            class="button-quiet"
            disabled={!isChanged}
            onClick={() => setLook(kept.look)}
          >
            Discard
          </button>
          <PreviewButton saleId={sale.id} />
          {!isSameLook(kept.look, {}) && (
            <button type="button" class="button-bad" onClick={() => void reset()}>
              Take it away
            </button>
          )}
        </div>
      )}
      {mistakes[''] && <p class="bad">All of it {mistakes['']}.</p>}
      <LookColours {...part} />
      <div class="columns">
        <LookLogo {...part} />
        <LookHtml {...part} removed={removed} />
      </div>
      <LookTexts {...part} />
    </form>
  );
}

function LookLogo({ look, mistakes, isFixed, change }: LookPart) {
  const { logoUrl = '', logoAlt = '' } = look;
  return (
    <Card title="Logo">
      <TextField
        label="Address of the image"
        value={logoUrl}
        disabled={isFixed}
        placeholder="https://…"
        mistake={mistakes.logoUrl}
        hint="By https. Shoppers’ browsers load it from there."
        onInput={(text) => change({ logoUrl: text })}
      />
      <TextField
        label="Text for who does not see it"
        value={logoAlt}
        disabled={isFixed}
        mistake={mistakes.logoAlt}
        onInput={(text) => change({ logoAlt: text })}
      />
      {/^https:\/\/./.test(logoUrl) && <img class="look-logo" src={logoUrl} alt={logoAlt} />}
    </Card>
  );
}
