import { useEffect, useState } from 'preact/hooks';
import { ask, get, may } from '../api/client.ts';
import { useLoad } from '../api/load.ts';
import type { Delivery, Page } from '../api/shapes.ts';
import { SelectField } from '../parts/form.tsx';
import { Card, StateBadge, Table, Trouble, Waiting } from '../parts/pieces.tsx';
import { complain, say } from '../parts/toasts.tsx';
import { atClock, when } from '../parts/words.ts';

const states = [
  ['', 'Any'],
  ['pending', 'Pending'],
  ['delivered', 'Delivered'],
  ['failed', 'Failed'],
] as const;

/** What is on its way changes by itself. */
const lookAgainMs = 2_000;

/** What a webhook was told, and what became of each; read again with each `turn`. */
export function WebhookLog({ id, turn }: { id: string; turn: number }) {
  const [state, setState] = useState('');
  const [cursors, setCursors] = useState<string[]>([]);
  const cursor = cursors.at(-1);
  const query = new URLSearchParams({
    limit: '20',
    ...(state === '' ? {} : { state }),
    ...(cursor === undefined ? {} : { cursor }),
  });
  const path = `/v1/webhooks/${id}/deliveries?${query}`;
  const { data, trouble, reload } = useLoad(() => get<Page<Delivery>>(path), path);
  useEffect(reload, [turn]);
  useEffect(() => {
    const timer = setInterval(() => document.hidden || reload(), lookAgainMs);
    return () => clearInterval(timer);
  }, []);
  const next = data?.data.nextCursor ?? null;
  return (
    <Card title="What it was told">
      <div class="filters">
        <SelectField
          label="State"
          value={state}
          options={states}
          onInput={(value) => {
            setCursors([]);
            setState(value);
          }}
        />
      </div>
      {trouble && <Trouble text={trouble} retry={reload} />}
      {!data && !trouble && <Waiting />}
      {data && <Deliveries all={data.data.items} onDone={reload} />}
      <div class="row">
        {cursors.length > 0 && (
          <button
            type="button"
            class="button-quiet"
            onClick={() => setCursors(cursors.slice(0, -1))}
          >
            Newer
          </button>
        )}
        {next !== null && (
          <button type="button" class="button-quiet" onClick={() => setCursors([...cursors, next])}>
            Older
          </button>
        )}
      </div>
    </Card>
  );
}

function Deliveries({ all, onDone }: { all: readonly Delivery[]; onDone(): void }) {
  return (
    <Table
      caption="Deliveries"
      rows={all}
      keyOf={({ id }) => id}
      empty="Nothing of the last 30 days is like that."
      columns={[
        { head: 'When', cell: ({ createdAt }) => when(createdAt) },
        {
          head: 'Event',
          cell: ({ type, eventId }) => (
            <>
              {type}
              <br />
              <code class="muted">{eventId}</code>
            </>
          ),
        },
        { head: 'State', cell: ({ state }) => <StateBadge state={state} /> },
        { head: 'Attempts', cell: (delivery) => <Attempts {...delivery} /> },
        {
          head: 'Next',
          cell: ({ nextAttemptAt }) => (nextAttemptAt === null ? '–' : when(nextAttemptAt)),
        },
        {
          head: '',
          cell: (delivery) => may('operator') && <Again delivery={delivery} onDone={onDone} />,
        },
      ]}
    />
  );
}

/** How often, how the last one went, and all of them on demand. */
function Attempts({ attempts, tries, response }: Delivery) {
  const last = tries.at(-1);
  if (last === undefined) return <>none yet</>;
  return (
    <details class="attempts">
      <summary>
        {attempts}, last: {outcome(last)}
      </summary>
      <ol>
        {tries.map((one) => (
          <li key={one.at}>
            {atClock(one.at)}: {outcome(one)}, {one.milliseconds} ms
          </li>
        ))}
      </ol>
      {response && <pre>{response}</pre>}
    </details>
  );
}

const outcome = ({ status, error }: Delivery['tries'][number]) => error ?? `HTTP ${status}`;

function Again({ delivery, onDone }: { delivery: Delivery; onDone(): void }) {
  const { webhookId, id, eventId } = delivery;
  const again = () =>
    ask('POST', `/v1/webhooks/${webhookId}/deliveries/${id}/retry`).then(() => {
      say('It is sent again.');
      onDone();
    }, complain);
  return (
    <button type="button" class="button-quiet" onClick={() => void again()}>
      Send again<span class="hidden-words"> {eventId}</span>
    </button>
  );
}
