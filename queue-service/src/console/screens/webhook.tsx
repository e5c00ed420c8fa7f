import { useState } from 'preact/hooks';
import { ask, get, may } from '../api/client.ts';
import { useLoad } from '../api/load.ts';
import { useOnceKey } from '../api/once-key.ts';
import type { Delivery, NewWebhook, Webhook } from '../api/shapes.ts';
import { changeWebhook, type SeenWebhook } from '../api/webhooks.ts';
import { confirmThat } from '../parts/confirm.tsx';
import { useSending } from '../parts/form.tsx';
import { Card, Heading, StateBadge, Trouble, Waiting } from '../parts/pieces.tsx';
import { complain, say } from '../parts/toasts.tsx';
import { when } from '../parts/words.ts';
import { go, Link } from '../route.tsx';
import { Secret, WebhookForm, type WebhookWish } from './webhook-form.tsx';
import { WebhookLog } from './webhook-log.tsx';

const offWords: Readonly<Record<NonNullable<Webhook['offReason']>, string>> = {
  gone: 'It was switched off because it answered 410 Gone: its server wants no more of this.',
  failing:
    'It was switched off because it took nothing for three days, and an event has failed for good. ' +
    'Mend its server or the address, switch it on, and send what failed again.',
};

/** One webhook: what it is told, with which secret, and how that went. */
export function WebhookScreen({ id }: { id: string }) {
  const { data, trouble, reload } = useLoad(() => get<Webhook>(`/v1/webhooks/${id}`), id);
  const [sent, setSent] = useState(0);
  if (trouble && !data) return <Trouble text={trouble} retry={reload} />;
  if (!data) return <Waiting />;
  const { data: webhook, etag } = data;
  const seen: SeenWebhook = { webhook, etag, reload };
  const test = () =>
    ask<Delivery>('POST', `/v1/webhooks/${id}/test`).then(() => {
      say('A test is on its way.');
      setSent((before) => before + 1);
    }, complain);
  return (
    <>
      <p>
        <Link to="/webhooks">All webhooks</Link>
      </p>
      <Heading
        aside={
          <>
            {may('operator') && webhook.active && (
              <button type="button" onClick={() => void test()}>
                Send a test
              </button>
            )}
            {may('admin') && <Switch {...seen} />}
          </>
        }
      >
        {webhook.url}
      </Heading>
      <p class="sale-line">
        <StateBadge state={webhook.active ? 'on' : 'off'} />
        <span class="muted">
          {webhook.description && `${webhook.description} · `}
          {webhook.eventTypes?.join(', ') ?? 'all events'}
        </span>
      </p>
      {webhook.offReason && <p class="notice notice-bad">{offWords[webhook.offReason]}</p>}
      <WebhookLog id={id} turn={sent} />
      {may('admin') && (
        <>
          <Secrets {...seen} />
          <Change {...seen} />
        </>
      )}
    </>
  );
}

function Switch(seen: SeenWebhook) {
  const { active, url } = seen.webhook;
  const what = active ? 'Switch it off' : 'Switch it on';
  const turn = async () => {
    try {
      const change = { method: 'PATCH', part: '', body: { active: !active }, what } as const;
      if ((await changeWebhook(seen, change)) !== null) say(`${url} is ${active ? 'off' : 'on'}.`);
    } catch (error) {
      complain(error);
    }
    seen.reload();
  };
  return (
    <button type="button" class={active ? 'button-warn' : ''} onClick={() => void turn()}>
      {what}
    </button>
  );
}

function Secrets(seen: SeenWebhook) {
  const [secret, setSecret] = useState<string | null>(null);
  const once = useOnceKey();
  const { isBusy, run } = useSending();
  const rotate = async () => {
    const text = 'The secret of now signs beside the new one for a day, and then no more.';
    if (!(await confirmThat({ title: 'Make a new secret', text, action: 'Make it' }))) return;
    await run(async () => {
      const body = {};
      const asking = { body, onceKey: once.of(body), what: 'Make it' };
      const change = { method: 'POST', part: '/rotate', ...asking } as const;
      const made = await changeWebhook<NewWebhook>(seen, change);
      once.done();
      if (made !== null) setSecret(made.data.secret);
    });
    seen.reload();
  };
  return (
    <Card title="Secrets">
      <ul>
        {seen.webhook.secrets.map(({ createdAt, expiresAt }) => (
          <li key={createdAt}>
            of {when(createdAt)}
            {expiresAt !== null && `, signs until ${when(expiresAt)}`}
          </li>
        ))}
      </ul>
      {secret && <Secret secret={secret} />}
      <button type="button" class="button-quiet" disabled={isBusy} onClick={() => void rotate()}>
        Make a new secret
      </button>
    </Card>
  );
}

function Change(seen: SeenWebhook) {
  const { webhook, reload } = seen;
  const sending = useSending();
  const { url, description, eventTypes } = webhook;
  const save = (body: WebhookWish) => {
    void sending.run(async () => {
      const change = { method: 'PATCH', part: '', body, what: 'Save yours' } as const;
      if ((await changeWebhook(seen, change)) !== null) say('It is saved.');
      reload();
    });
  };
  const remove = async () => {
    const text = 'Its log goes with it, and what waits for it is not sent.';
    const question = { title: `Delete ${url}`, text, action: 'Delete', isDangerous: true };
    if (!(await confirmThat(question))) return;
    try {
      const change = { method: 'DELETE', part: '', what: 'Delete it' } as const;
      if ((await changeWebhook(seen, change)) === null) return;
      say(`${url} is deleted.`);
      go('/webhooks');
    } catch (error) {
      complain(error);
    }
  };
  return (
    <Card title="Change it">
      <WebhookForm
        key={webhook.updatedAt}
        was={{ url, description, eventTypes }}
        action="Save"
        sending={sending}
        onSubmit={save}
      />
      <div class="row row-end">
        <button type="button" class="button-bad" onClick={() => void remove()}>
          Delete
        </button>
      </div>
    </Card>
  );
}
