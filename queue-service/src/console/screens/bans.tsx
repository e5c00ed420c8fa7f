import { useState } from 'preact/hooks';
import { ask, getAll } from '../api/client.ts';
import { useLoad } from '../api/load.ts';
import { useOnceKey } from '../api/once-key.ts';
import type { Ban } from '../api/shapes.ts';
import { confirmThat } from '../parts/confirm.tsx';
import { SelectField, TextField, useSending } from '../parts/form.tsx';
import { Card, Heading, Table, Trouble, Waiting } from '../parts/pieces.tsx';
import { complain, say } from '../parts/toasts.tsx';
import { fromLocalInput, when } from '../parts/words.ts';

const kinds = [
  ['ip', 'Address'],
  ['cidr', 'Network'],
  ['visitor', 'Visitor'],
  ['country', 'Country'],
  ['asn', 'Provider (ASN)'],
] as const;

/** Who is barred at the door. */
export function Bans() {
  const { data, trouble, reload } = useLoad(() => getAll<Ban>('/v1/bans?limit=100'), 'bans');
  const lift = async (ban: Ban) => {
    const text = 'They come in again within two seconds.';
    if (!(await confirmThat({ title: `Lift the ban of ${ban.value}`, text, action: 'Lift' })))
      return;
    try {
      const { etag } = await ask<Ban>('GET', `/v1/bans/${ban.id}`);
      await ask('DELETE', `/v1/bans/${ban.id}`, { etag });
      say(`${ban.value} may come in again.`);
    } catch (error) {
      complain(error);
    }
    reload();
  };
  return (
    <>
      <Heading>Bans</Heading>
      <NewBan onDone={reload} />
      {trouble && <Trouble text={trouble} retry={reload} />}
      {!data && !trouble && <Waiting />}
      {data && (
        <Table
          caption="Bans"
          rows={data}
          keyOf={({ id }) => id}
          empty="Nobody is barred."
          columns={[
            { head: 'Who', cell: ({ value }) => <code>{value}</code> },
            { head: 'Kind', cell: ({ kind }) => kinds.find(([one]) => one === kind)?.[1] ?? kind },
            { head: 'Reason', cell: ({ reason }) => reason },
            { head: 'By', cell: ({ actor }) => actor },
            {
              head: 'Until',
              cell: ({ expiresAt }) => (expiresAt === null ? 'it is lifted' : when(expiresAt)),
            },
            {
              head: '',
              cell: (ban) => (
                <button type="button" class="button-quiet" onClick={() => void lift(ban)}>
                  Lift<span class="hidden-words"> the ban of {ban.value}</span>
                </button>
              ),
            },
          ]}
        />
      )}
    </>
  );
}

function NewBan({ onDone }: { onDone(): void }) {
  const [kind, setKind] = useState<string>('ip');
  const [value, setValue] = useState('');
  const [reason, setReason] = useState('');
  const [expiresAt, setExpiry] = useState('');
  const { isBusy, mistakes, run } = useSending();
  const once = useOnceKey();
  const bar = (event: Event) => {
    event.preventDefault();
    void run(async () => {
      const until = expiresAt === '' ? {} : { expiresAt: fromLocalInput(expiresAt) };
      const body = { kind, value, reason, ...until };
      await ask('POST', '/v1/bans', { body, onceKey: once.of(body) });
      once.done();
      say(`${value} is barred.`);
      setValue('');
      onDone();
    });
  };
  return (
    <Card title="Bar somebody">
      <form class="grid" onSubmit={bar}>
        <SelectField label="Kind" value={kind} options={kinds} onInput={setKind} />
        <TextField
          label="Who"
          value={value}
          onInput={setValue}
          mistake={mistakes.value}
          placeholder="203.0.113.7"
          required
        />
        <TextField
          label="Reason"
          value={reason}
          onInput={setReason}
          mistake={mistakes.reason}
          required
        />
        <TextField
          label="Until"
          type="datetime-local"
          value={expiresAt}
          onInput={setExpiry}
          mistake={mistakes.expiresAt}
          hint="Empty: until it is lifted."
        />
        <button type="submit" disabled={isBusy}>
          Bar
        </button>
      </form>
    </Card>
  );
}
