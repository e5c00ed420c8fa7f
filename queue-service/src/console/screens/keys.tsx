import { useState } from 'preact/hooks';
import { ask, getAll } from '../api/client.ts';
import { useLoad } from '../api/load.ts';
import { useOnceKey } from '../api/once-key.ts';
import type { ApiKey, NewApiKey } from '../api/shapes.ts';
import { confirmThat } from '../parts/confirm.tsx';
import { SelectField, TextField, useSending } from '../parts/form.tsx';
import { Card, Heading, Table, Trouble, Waiting } from '../parts/pieces.tsx';
import { complain, say } from '../parts/toasts.tsx';
import { fromLocalInput, when } from '../parts/words.ts';

/** Keys of the API, with what each may do. */
export function Keys() {
  const { data, trouble, reload } = useLoad(() => getAll<ApiKey>('/v1/api-keys?limit=100'), 'keys');
  const revoke = async (key: ApiKey) => {
    const text = 'Whatever uses it is refused from then on, and whoever signed in with it is out.';
    const title = `Revoke the key ${key.name}`;
    if (!(await confirmThat({ title, text, action: 'Revoke', isDangerous: true }))) return;
    await ask('DELETE', `/v1/api-keys/${key.id}`).then(
      () => say(`${key.name} is revoked.`),
      complain,
    );
    reload();
  };
  return (
    <>
      <Heading>Keys</Heading>
      <NewKey onDone={reload} />
      {trouble && <Trouble text={trouble} retry={reload} />}
      {!data && !trouble && <Waiting />}
      {data && (
        <Table
          caption="Keys"
          rows={data}
          keyOf={({ id }) => id}
          empty="There is no key."
          columns={[
            { head: 'Name', cell: ({ name }) => name },
            { head: 'Role', cell: ({ role }) => role },
            { head: 'Made', cell: ({ createdAt }) => when(createdAt) },
            {
              head: 'Used last',
              cell: ({ lastUsedAt }) => (lastUsedAt === null ? '–' : when(lastUsedAt)),
            },
            { head: 'Ends', cell: ({ expiresAt }) => (expiresAt === null ? '–' : when(expiresAt)) },
            {
              head: '',
              cell: (key) => (
                <button type="button" class="button-quiet" onClick={() => void revoke(key)}>
                  Revoke<span class="hidden-words"> {key.name}</span>
                </button>
              ),
            },
          ]}
        />
      )}
    </>
  );
}

function NewKey({ onDone }: { onDone(): void }) {
  const [name, setName] = useState('');
  const [role, setRole] = useState('viewer');
  const [expiresAt, setExpiry] = useState('');
  const [made, setMade] = useState<NewApiKey | null>(null);
  const { isBusy, mistakes, run } = useSending();
  const once = useOnceKey();
  const make = (event: Event) => {
    event.preventDefault();
    void run(async () => {
      const until = expiresAt === '' ? {} : { expiresAt: fromLocalInput(expiresAt) };
      const body = { name, role, ...until };
      const asking = { body, onceKey: once.of(body) };
      setMade((await ask<NewApiKey>('POST', '/v1/api-keys', asking)).data);
      once.done();
      setName('');
      onDone();
    });
  };
  return (
    <Card title="A new key">
      <form class="grid" onSubmit={make}>
        <TextField
          label="For what"
          value={name}
          onInput={setName}
          mistake={mistakes.name}
          placeholder="shop connector"
          required
        />
        <SelectField
          label="Role"
          value={role}
          options={[
            ['viewer', 'Viewer: looks'],
            ['operator', 'Operator: runs sales'],
            ['admin', 'Admin: keys and refunds of whole sales too'],
          ]}
          onInput={setRole}
        />
        <TextField
          label="Ends"
          type="datetime-local"
          value={expiresAt}
          onInput={setExpiry}
          mistake={mistakes.expiresAt}
          hint="Empty: until it is revoked."
        />
        <button type="submit" disabled={isBusy}>
          Make a key
        </button>
      </form>
      {made && (
        <p class="notice" role="status">
          Copy it now, it is shown this once: <code class="secret">{made.key}</code>
        </p>
      )}
    </Card>
  );
}
