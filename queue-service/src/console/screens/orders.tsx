import { useState } from 'preact/hooks';
import { ask, get, may } from '../api/client.ts';
import { useLoad } from '../api/load.ts';
import { type Framed, sendChange } from '../api/sending.ts';
import type { Order, Page } from '../api/shapes.ts';
import { confirmThat } from '../parts/confirm.tsx';
import { SelectField, TextField } from '../parts/form.tsx';
import { Heading, StateBadge, Table, Trouble, Waiting } from '../parts/pieces.tsx';
import { complain, say } from '../parts/toasts.tsx';
import { money, plural, when } from '../parts/words.ts';

type OrdersProps = { saleId: string | null; sale?: Framed };

const states = [
  ['', 'Any'],
  ['awaiting_payment', 'Awaiting payment'],
  ['paid', 'Paid'],
  ['expired', 'Expired'],
  ['cancelled', 'Cancelled'],
  ['refunded', 'Refunded'],
] as const;

/** Orders of a sale or of all: found, looked at, refunded. */
export function Orders({ saleId, sale }: OrdersProps) {
  const [state, setState] = useState('');
  const [q, setQ] = useState('');
  const [cursors, setCursors] = useState<string[]>([]);
  const cursor = cursors.at(-1);
  const query = new URLSearchParams({
    limit: '50',
    ...(saleId === null ? {} : { saleId }),
    ...(state === '' ? {} : { state }),
    ...(q.trim() === '' ? {} : { q: q.trim() }),
    ...(cursor === undefined ? {} : { cursor }),
  });
  const path = `/v1/orders?${query}`;
  const { data, trouble, reload } = useLoad(() => get<Page<Order>>(path), path);
  const first = (set: (text: string) => void) => (text: string) => {
    setCursors([]);
    set(text);
  };
  const next = data?.data.nextCursor ?? null;
  return (
    <>
      {saleId === null && <Heading>Orders</Heading>}
      <div class="filters">
        <TextField
          label="Find"
          value={q}
          onInput={first(setQ)}
          placeholder="order, e-mail or number"
          type="search"
        />
        <SelectField label="State" value={state} options={states} onInput={first(setState)} />
        {sale && may('admin') && sale.sale.state === 'closed' && <RefundAll {...sale} />}
      </div>
      {trouble && <Trouble text={trouble} retry={reload} />}
      {!data && !trouble && <Waiting />}
      {data && <OrderTable orders={data.data.items} onDone={reload} />}
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
    </>
  );
}

function OrderTable({ orders, onDone }: { orders: readonly Order[]; onDone(): void }) {
  const units = ({ items }: Order) => items.reduce((sum, { quantity }) => sum + quantity, 0);
  return (
    <Table
      caption="Orders"
      rows={orders}
      keyOf={({ id }) => id}
      empty="No order is like that."
      columns={[
        { head: 'Order', cell: ({ id }) => <code>{id}</code> },
        { head: 'State', cell: ({ state }) => <StateBadge state={state} /> },
        { head: 'Number', isNumber: true, cell: ({ number }) => number },
        { head: 'Units', isNumber: true, cell: units },
        {
          head: 'Total',
          isNumber: true,
          cell: ({ totalMinor, currency }) => money(totalMinor, currency),
        },
        { head: 'Placed', cell: ({ createdAt }) => when(createdAt) },
        {
          head: '',
          cell: (order) =>
            order.state === 'paid' && may('operator') && <Refund order={order} onDone={onDone} />,
        },
      ]}
    />
  );
}

function Refund({ order, onDone }: { order: Order; onDone(): void }) {
  const refund = async () => {
    const sum = money(order.totalMinor, order.currency);
    const isOurs = order.paidElsewhere !== true;
    const text = isOurs
      ? `${sum} go back to the shopper, who is told by mail. The units are free again.`
      : `The units are free again. Your own checkout took the ${sum}: give them back there.`;
    const title = `Refund ${order.id}`;
    if (!(await confirmThat({ title, text, action: 'Refund', isDangerous: true }))) return;
    await ask('POST', `/v1/orders/${order.id}/refund`, { body: {} }).then(
      () => say(isOurs ? `${sum} are on their way back.` : 'The units are free again.'),
      complain,
    );
    onDone();
  };
  return (
    <button type="button" class="button-quiet" onClick={() => void refund()}>
      Refund<span class="hidden-words"> {order.id}</span>
    </button>
  );
}

function RefundAll(framed: Framed) {
  const { sale, reload } = framed;
  const refund = async () => {
    const text =
      'Every paid order of this sale is refunded, one after the other. This cannot be undone.';
    const question = { title: `Refund all of ${sale.name}`, text, action: 'Refund all' };
    if (!(await confirmThat({ ...question, name: sale.name, isDangerous: true }))) return;
    const body = { confirm: sale.name };
    const change = { method: 'POST', part: '/refund-all', body, what: 'Refund all' } as const;
    try {
      const sent = await sendChange<{ orders: number }>(framed, change);
      if (sent !== null) {
        say(`${plural(sent.data.orders, 'refund')} ordered; see the jobs for their course.`);
      }
    } catch (error) {
      complain(error);
    }
    reload();
  };
  return (
    <button type="button" class="button-bad" onClick={() => void refund()}>
      Refund all
    </button>
  );
}
