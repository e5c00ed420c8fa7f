import { useState } from 'preact/hooks';
import { ask } from '../api/client.ts';
import { useOnceKey } from '../api/once-key.ts';
import { type Framed, sendChange } from '../api/sending.ts';
import { confirmThat } from '../parts/confirm.tsx';
import { SelectField, TextField, useSending } from '../parts/form.tsx';
import { Card } from '../parts/pieces.tsx';
import { saveFile } from '../parts/save-file.ts';
import { say } from '../parts/toasts.tsx';
import { fromLocalInput, plural } from '../parts/words.ts';

/** Passes for the priority lane, and places that are to count no more. */
export function Places(framed: Framed) {
  return (
    <div class="columns">
      <Passes {...framed} />
      <Revoke {...framed} />
    </div>
  );
}

type Batch = { id: string; expiresAt: string; passes: string[] };

function Passes({ sale }: Framed) {
  const [count, setCount] = useState('50');
  const [expiresAt, setExpiry] = useState('');
  const once = useOnceKey();
  const [batch, setBatch] = useState<Batch | null>(null);
  const { isBusy, mistakes, run } = useSending();
  const make = (event: Event) => {
    event.preventDefault();
    void run(async () => {
      const until = expiresAt === '' ? {} : { expiresAt: fromLocalInput(expiresAt) };
      const body = { lane: 'priority', count: Number(count), ...until };
      const path = `/v1/sales/${sale.id}/passes`;
      const { data } = await ask<Batch>('POST', path, { body, onceKey: once.of(body) });
      setBatch(data);
      once.done();
      say(`${plural(data.passes.length, 'pass', 'passes')} made. Download them now.`);
    });
  };
  return (
    <Card title="Passes">
      <p class="muted">
        Each lets one visitor into the priority lane, once. They are shown this once.
      </p>
      <form onSubmit={make}>
        <TextField
          label="How many"
          name="count"
          type="number"
          min={1}
          max={10_000}
          value={count}
          onInput={setCount}
          mistake={mistakes.count}
        />
        <TextField
          label="Good until"
          type="datetime-local"
          value={expiresAt}
          onInput={setExpiry}
          mistake={mistakes.expiresAt}
          hint="Empty: as long as may be."
        />
        <button type="submit" disabled={isBusy || sale.state === 'closed'}>
          Make passes
        </button>
      </form>
      {batch && <Download saleId={sale.id} batch={batch} />}
    </Card>
  );
}

function Download({ saleId, batch }: { saleId: string; batch: Batch }) {
  const save = () => {
    const rows = batch.passes.map((pass) => `${pass},/sales/${saleId}#pass=${pass}\r\n`);
    saveFile(`pass,link\r\n${rows.join('')}`, `${batch.id}.csv`);
  };
  return (
    <p>
      <button type="button" onClick={save}>
        Download {plural(batch.passes.length, 'pass', 'passes')} as CSV
      </button>
    </p>
  );
}

function Revoke(framed: Framed) {
  const { sale, reload } = framed;
  const [kind, setKind] = useState('visitor');
  const [visitor, setVisitor] = useState('');
  const [from, setFrom] = useState('1');
  const [to, setTo] = useState('100');
  const { isBusy, mistakes, run } = useSending();
  const wish = () => {
    if (kind === 'visitor') return { visitor };
    if (kind === 'numbers') return { numbers: { from: Number(from), to: Number(to) } };
    return { all: true };
  };
  const words: Record<string, string> = {
    visitor: `The places of visitor ${visitor}`,
    numbers: `The places ${from} to ${to}`,
    all: 'The places of everybody who has joined',
  };
  const revoke = async (event: Event) => {
    event.preventDefault();
    const text = `${words[kind]} and their tokens stop working within two seconds. They may join again, at the end. This cannot be undone.`;
    const question = { title: 'Revoke places', text, action: 'Revoke', isDangerous: true };
    const name = kind === 'all' ? { name: sale.name } : {};
    if (!(await confirmThat({ ...question, ...name }))) return;
    await run(async () => {
      const body = { ...wish(), confirm: sale.name };
      const change = { method: 'POST', part: '/revoke', body, what: 'Revoke them' } as const;
      if ((await sendChange(framed, change)) !== null) say('Revoked.');
    });
    reload();
  };
  return (
    <Card title="Revoke places">
      <form onSubmit={(event) => void revoke(event)}>
        <SelectField
          label="Whose"
          value={kind}
          options={[
            ['visitor', 'One visitor'],
            ['numbers', 'A range of numbers'],
            ['all', 'Everybody who has joined'],
          ]}
          onInput={setKind}
        />
        {kind === 'visitor' && (
          <TextField
            label="Visitor"
            value={visitor}
            onInput={setVisitor}
            mistake={mistakes.visitor}
            required
          />
        )}
        {kind === 'numbers' && (
          <div class="grid">
            <TextField label="From" type="number" min={1} value={from} onInput={setFrom} />
            <TextField
              label="To"
              type="number"
              min={1}
              value={to}
              onInput={setTo}
              mistake={mistakes['numbers.to']}
            />
          </div>
        )}
        <button type="submit" class="button-bad" disabled={isBusy}>
          Revoke
        </button>
      </form>
    </Card>
  );
}
