import { useState } from 'preact/hooks';
import { get } from '../api/client.ts';
import { useLoad } from '../api/load.ts';
import type { AuditEntry, Page } from '../api/shapes.ts';
import { SelectField, TextField } from '../parts/form.tsx';
import { Heading, Table, Trouble, Waiting } from '../parts/pieces.tsx';
import { actionWords, when } from '../parts/words.ts';

/** Who did what, and what it was before. */
export function Audit() {
  const [who, setWho] = useState('admins');
  const [saleId, setSale] = useState('');
  const [cursor, setCursor] = useState<string | null>(null);
  const query = new URLSearchParams({
    limit: '50',
    ...(who === '' ? {} : { actor: who }),
    ...(/^sale_\w{26}$/.test(saleId) ? { saleId } : {}),
    ...(cursor === null ? {} : { cursor }),
  });
  const path = `/v1/audit?${query}`;
  const { data, trouble, reload } = useLoad(() => get<Page<AuditEntry>>(path), path);
  const older = data?.data.nextCursor ?? null;
  return (
    <>
      <Heading>Audit log</Heading>
      <div class="filters">
        <SelectField
          label="Who"
          value={who}
          options={[
            ['admins', 'Admins'],
            ['', 'Everybody and everything'],
          ]}
          onInput={(value) => {
            setCursor(null);
            setWho(value);
          }}
        />
        <TextField label="Sale" value={saleId} onInput={setSale} placeholder="sale_…" />
      </div>
      {trouble && <Trouble text={trouble} retry={reload} />}
      {!data && !trouble && <Waiting />}
      {data && (
        <Table
          caption="Audit log"
          rows={data.data.items}
          keyOf={({ id }) => id}
          empty="Nothing is written of that."
          columns={[
            { head: 'When', cell: ({ at }) => when(at) },
            { head: 'Who', cell: ({ actor, address }) => <Who actor={actor} address={address} /> },
            { head: 'What', cell: ({ action }) => actionWords(action) },
            { head: 'Of', cell: (entry) => <code>{aboutOf(entry)}</code> },
            { head: 'Before and after', cell: (entry) => <Change {...entry} /> },
          ]}
        />
      )}
      {older !== null && (
        <button type="button" class="button-quiet" onClick={() => setCursor(older)}>
          Older
        </button>
      )}
    </>
  );
}

function Who({ actor, address }: { actor: string; address: string | null }) {
  return (
    <>
      <code>{actor}</code>
      {address && <span class="muted"> from {address}</span>}
    </>
  );
}

const aboutOf = ({ orderId, productId, saleId }: AuditEntry) =>
  orderId ?? productId ?? saleId ?? '–';

/** Where nothing was changed that was there before, what is told of it besides. */
function Change({ before, after: made, detail }: AuditEntry) {
  const after = before === null && made === null ? detail : made;
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  if (names.length === 0) return <>–</>;
  const text = (value: unknown) => (value === undefined ? '' : JSON.stringify(value));
  return (
    <ul class="changes">
      {names.slice(0, 12).map((name) => (
        <li key={name}>
          {name}: {before && <del>{text(before[name])}</del>}{' '}
          {after && <ins>{text(after[name])}</ins>}
        </li>
      ))}
    </ul>
  );
}
