import { useState } from 'preact/hooks';
import { ask, getAll, may } from '../api/client.ts';
import { useLoad } from '../api/load.ts';
import { useOnceKey } from '../api/once-key.ts';
import type { NewWebhook, Webhook } from '../api/shapes.ts';
import { useSending } from '../parts/form.tsx';
import { Card, Heading, StateBadge, Table, Trouble, Waiting } from '../parts/pieces.tsx';
import { plural, when } from '../parts/words.ts';
import { Link } from '../route.tsx';
import { Secret, WebhookForm, type WebhookWish } from './webhook-form.tsx';

/** Where shops are told of events. */
export function Webhooks() {
  const { data, trouble, reload } = useLoad(
    () => getAll<Webhook>('/v1/webhooks?limit=100'),
    'webhooks',
  );
  return (
    <>
      <Heading>Webhooks</Heading>
      <p class="muted">
        A shop’s own server is told of orders and sales as they happen, signed by the rules of
        Standard Webhooks, and again for three days where it does not answer.
      </p>
      {may('admin') && <NewHook onDone={reload} />}
      {trouble && <Trouble text={trouble} retry={reload} />}
      {!data && !trouble && <Waiting />}
      {data && (
        <Table
          caption="Webhooks"
          rows={data}
          keyOf={({ id }) => id}
          empty="Nobody is told of anything."
          columns={[
            { head: 'Address', cell: ({ id, url }) => <Link to={`/webhooks/${id}`}>{url}</Link> },
            { head: 'For what', cell: ({ description }) => description || '–' },
            { head: 'State', cell: ({ active }) => <StateBadge state={active ? 'on' : 'off'} /> },
            {
              head: 'Events',
              cell: ({ eventTypes }) =>
                eventTypes === null ? 'all' : plural(eventTypes.length, 'type'),
            },
            { head: 'Added', cell: ({ createdAt }) => when(createdAt) },
          ]}
        />
      )}
    </>
  );
}

const nothing: WebhookWish = { url: '', description: '', eventTypes: null };

function NewHook({ onDone }: { onDone(): void }) {
  const [made, setMade] = useState<NewWebhook | null>(null);
  const sending = useSending();
  const once = useOnceKey();
  const make = (body: WebhookWish) => {
    void sending.run(async () => {
      const asking = { body, onceKey: once.of(body) };
      setMade((await ask<NewWebhook>('POST', '/v1/webhooks', asking)).data);
      once.done();
      onDone();
    });
  };
  return (
    <Card title="A new webhook">
      <WebhookForm
        key={made?.id ?? 'new'}
        was={nothing}
        action="Add it"
        sending={sending}
        onSubmit={make}
      />
      {made && <Secret secret={made.secret} />}
    </Card>
  );
}
