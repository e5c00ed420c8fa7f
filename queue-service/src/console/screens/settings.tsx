import { useState } from 'preact/hooks';
import { changeRoom } from '../api/changes.ts';
import { ask, get, may } from '../api/client.ts';
import { useLoad } from '../api/load.ts';
import { useOnceKey } from '../api/once-key.ts';
import { type Framed, sendChange } from '../api/sending.ts';
import type { Finding, RoomSettings, Sale } from '../api/shapes.ts';
import { confirmThat } from '../parts/confirm.tsx';
import { TextField, useSending } from '../parts/form.tsx';
import { Card, Findings, Trouble } from '../parts/pieces.tsx';
import { say } from '../parts/toasts.tsx';
import { fromLocalInput, localInput } from '../parts/words.ts';
import { go } from '../route.tsx';
import { PreviewButton } from './preview.tsx';
import { RoomFields } from './room-fields.tsx';

/** How a sale is set up, what there is to say of that, and what else may be done with it. */
export function Settings(framed: Framed) {
  const { sale } = framed;
  const mayChange = may('operator') && sale.state !== 'closed';
  return (
    <div class="columns">
      <div>
        {mayChange && <Times key={sale.updatedAt} {...framed} />}
        <Room key={sale.updatedAt} framed={framed} mayChange={mayChange} />
      </div>
      <div>
        <Checks sale={sale} />
        {may('operator') && <More {...framed} />}
      </div>
    </div>
  );
}

function Times(framed: Framed) {
  const { sale, reload } = framed;
  const [name, setName] = useState(sale.name);
  const [startsAt, setStart] = useState(localInput(sale.startsAt));
  const [endsAt, setEnd] = useState(sale.endsAt === null ? '' : localInput(sale.endsAt));
  const { isBusy, mistakes, run } = useSending();
  const isEarly = ['draft', 'scheduled', 'lobby'].includes(sale.state);
  const save = (event: Event) => {
    event.preventDefault();
    void run(async () => {
      // What is shown has no seconds: an end that nobody touched stays to the second.
      const isEndTouched = endsAt !== (sale.endsAt === null ? '' : localInput(sale.endsAt));
      const end = endsAt === '' ? null : fromLocalInput(endsAt);
      const times = isEndTouched ? { endsAt: end } : {};
      const start = isEarly && startsAt !== localInput(sale.startsAt);
      const body = { name, ...times, ...(start ? { startsAt: fromLocalInput(startsAt) } : {}) };
      const what = 'Save the name and the times';
      const sent = await sendChange(framed, { method: 'PATCH', part: '', body, what });
      if (sent !== null) say(`${name} is saved.`);
    }).then(reload);
  };
  return (
    <Card title="Name and times">
      <form onSubmit={save}>
        <TextField label="Name" value={name} onInput={setName} mistake={mistakes.name} required />
        <TextField
          label="Starts"
          type="datetime-local"
          value={startsAt}
          onInput={setStart}
          mistake={mistakes.startsAt}
          disabled={!isEarly}
          hint={isEarly ? 'Your own time.' : 'Fixed, since it has started.'}
        />
        <TextField
          label="Ends"
          type="datetime-local"
          value={endsAt}
          onInput={setEnd}
          mistake={mistakes.endsAt}
          hint="Empty: until you close it."
        />
        <button type="submit" disabled={isBusy}>
          Save
        </button>
      </form>
    </Card>
  );
}

function Room({ framed, mayChange }: { framed: Framed; mayChange: boolean }) {
  const { sale } = framed;
  const [room, setRoom] = useState<RoomSettings>(sale.room);
  const changed = Object.fromEntries(
    Object.entries(room).filter(
      ([name, value]) => JSON.stringify(value) !== JSON.stringify(Reflect.get(sale.room, name)),
    ),
  );
  const isChanged = Object.keys(changed).length > 0;
  const save = (event: Event) => {
    event.preventDefault();
    if (isChanged) void changeRoom(framed, changed);
  };
  return (
    <Card title="Waiting room">
      <form onSubmit={save}>
        <RoomFields room={room} onChange={setRoom} isFixed={!mayChange} mistakes={{}} />
        {mayChange && (
          <button type="submit" disabled={!isChanged}>
            Save the settings
          </button>
        )}
      </form>
    </Card>
  );
}

type Report = { publishable: boolean; findings: Finding[] };

function Checks({ sale }: { sale: Sale }) {
  const { data, trouble, reload } = useLoad(
    () => get<Report>(`/v1/sales/${sale.id}/checks`),
    `${sale.id} ${sale.updatedAt}`,
  );
  return (
    <Card title="What to look at">
      {trouble && <Trouble text={trouble} retry={reload} />}
      {data && <Findings findings={data.data.findings} />}
      {may('operator') && <PreviewButton saleId={sale.id} />}
    </Card>
  );
}

function More(framed: Framed) {
  const { sale, reload } = framed;
  const { isBusy, run } = useSending();
  const once = useOnceKey();
  const [tomorrow] = useState(() => new Date(Date.now() + 86_400_000).toISOString());
  const copy = () =>
    void run(async () => {
      const body = { name: `${sale.name} (copy)`, startsAt: tomorrow };
      const made = await ask<Sale>('POST', `/v1/sales/${sale.id}/copy`, {
        body,
        onceKey: once.of(body),
      });
      once.done();
      say(`${made.data.name} is a draft now: set its times.`);
      go(`/sales/${made.data.id}/settings`);
    });
  const remove = async () => {
    const text = 'Its summary, orders and ledger stay. This cannot be undone.';
    const question = { title: `Delete ${sale.name}`, text, action: 'Delete', name: sale.name };
    if (!(await confirmThat({ ...question, isDangerous: true }))) return;
    const isDone = await run(async () => {
      const what = `Delete ${sale.name}`;
      if ((await sendChange(framed, { method: 'DELETE', part: '', what })) === null) return;
      say(`${sale.name} is deleted.`);
      go('/');
    });
    if (!isDone) reload();
  };
  return (
    <Card title="More">
      <div class="row">
        <button type="button" class="button-quiet" onClick={copy} disabled={isBusy}>
          Copy this sale
        </button>
        {['draft', 'closed'].includes(sale.state) && (
          <button type="button" class="button-bad" onClick={() => void remove()} disabled={isBusy}>
            Delete
          </button>
        )}
      </div>
    </Card>
  );
}
