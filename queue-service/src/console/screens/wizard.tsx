import { useState } from 'preact/hooks';
import { ask, get } from '../api/client.ts';
import { defaults } from '../api/defaults.ts';
import { useLoad } from '../api/load.ts';
import { type OnceKey, useOnceKey } from '../api/once-key.ts';
import type { Finding, RoomSettings, Sale } from '../api/shapes.ts';
import { type Sending, useSending } from '../parts/form.tsx';
import { Card, Findings, Heading, Trouble, Waiting } from '../parts/pieces.tsx';
import { say } from '../parts/toasts.tsx';
import { fromLocalInput } from '../parts/words.ts';
import { go } from '../route.tsx';
import { PreviewButton } from './preview.tsx';
import { RoomFields } from './room-fields.tsx';
import { ProductStep, TimeStep } from './wizard-steps.tsx';

export type Draft = {
  name: string;
  productIds: string[];
  startsAt: string;
  endsAt: string;
  mode: 'fifo' | 'lottery';
  room: RoomSettings;
};

const steps = ['Products', 'Times', 'Waiting room', 'Check and publish'] as const;

/** A new sale, step by step; it is kept as a draft before the last one. */
export function Wizard() {
  const [step, setStep] = useState(0);
  const [kept, setKept] = useState<Kept | null>(null);
  const once = useOnceKey();
  const [now] = useState(() => new Date().toISOString());
  const [draft, setDraft] = useState<Draft>({
    name: '',
    productIds: [],
    startsAt: '',
    endsAt: '',
    mode: 'fifo',
    room: defaults,
  });
  const sending = useSending();
  const set = (patch: Partial<Draft>) => setDraft((was) => ({ ...was, ...patch }));
  const next = () => setStep((was) => was + 1);
  const keep = () =>
    sending.run(async () => {
      setKept(await keepDraft(draft, now, kept, once));
      next();
    });
  return (
    <>
      <Heading>A new sale</Heading>
      <ol class="steps">
        {steps.map((name, i) => (
          <li key={name} aria-current={i === step ? 'step' : undefined}>
            {name}
          </li>
        ))}
      </ol>
      {step === 0 && <ProductStep draft={draft} set={set} next={next} />}
      {step === 1 && (
        <TimeStep draft={draft} set={set} next={next} back={() => setStep(0)} sending={sending} />
      )}
      {step === 2 && (
        <RoomStep draft={draft} set={set} keep={keep} back={() => setStep(1)} sending={sending} />
      )}
      {step === 3 && kept && <PublishStep {...kept} back={() => setStep(2)} />}
    </>
  );
}

/** A draft as it was answered last. */
type Kept = { sale: Sale; etag: string | null };

/** Makes the draft, or changes the one that was made a step ago. */
async function keepDraft(
  draft: Draft,
  now: string,
  kept: Kept | null,
  once: OnceKey,
): Promise<Kept> {
  const { name, productIds, mode, room } = draft;
  const startsAt = draft.startsAt === '' ? now : fromLocalInput(draft.startsAt);
  const endsAt = draft.endsAt === '' ? null : fromLocalInput(draft.endsAt);
  const body = { name, productIds, mode, room, startsAt, endsAt };
  const made =
    kept === null
      ? await ask<Sale>('POST', '/v1/sales', { body, onceKey: once.of(body) })
      : await ask<Sale>('PATCH', `/v1/sales/${kept.sale.id}`, { body, etag: kept.etag });
  return { sale: made.data, etag: made.etag };
}

type RoomStepProps = {
  draft: Draft;
  set(patch: Partial<Draft>): void;
  keep(): void;
  back(): void;
  sending: Sending;
};

function RoomStep({ draft, set, keep, back, sending }: RoomStepProps) {
  return (
    <Card title="Waiting room">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          keep();
        }}
      >
        <RoomFields
          room={draft.room}
          onChange={(room) => set({ room })}
          isFixed={false}
          mistakes={sending.mistakes}
        />
        <div class="row">
          <button type="submit" disabled={sending.isBusy}>
            Next: check it
          </button>
          <button type="button" class="button-quiet" onClick={back}>
            Back
          </button>
        </div>
      </form>
    </Card>
  );
}

type Report = { publishable: boolean; findings: Finding[] };

function PublishStep({ sale, etag, back }: Kept & { back(): void }) {
  const path = `/v1/sales/${sale.id}`;
  const { data, trouble, reload } = useLoad(() => get<Report>(`${path}/checks`), sale.updatedAt);
  const { isBusy, run } = useSending();
  const publish = () =>
    void run(async () => {
      await ask('POST', `${path}/publish`, { body: {}, etag });
      say(`${sale.name} is published.`);
      go(`/sales/${sale.id}`);
    });
  return (
    <Card title={`Check ${sale.name}`}>
      {trouble && <Trouble text={trouble} retry={reload} />}
      {!data && !trouble && <Waiting />}
      {data && <Findings findings={data.data.findings} />}
      <PreviewButton saleId={sale.id} />
      <div class="row">
        <button type="button" onClick={publish} disabled={isBusy || !data?.data.publishable}>
          Publish
        </button>
        <button type="button" class="button-quiet" onClick={() => go(`/sales/${sale.id}/settings`)}>
          Keep it as a draft
        </button>
        <button type="button" class="button-quiet" onClick={back}>
          Back
        </button>
      </div>
    </Card>
  );
}
