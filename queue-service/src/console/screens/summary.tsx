import { ask, get } from '../api/client.ts';
import { useLoad } from '../api/load.ts';
import type { Framed } from '../api/sending.ts';
import type { Summary as Told } from '../api/summary-shapes.ts';
import { Card, Funnel, StockBar, Table, Trouble, Waiting } from '../parts/pieces.tsx';
import { saveFile } from '../parts/save-file.ts';
import { complain } from '../parts/toasts.tsx';
import { count, duration, money, when } from '../parts/words.ts';
import { Plot } from '../plots/plot.tsx';
import { Reasons } from './control-room.tsx';
import { FairnessReport } from './fairness.tsx';

/** What came of a sale, to be read, printed and checked. */
export function Summary({ sale }: Framed) {
  const path = `/v1/sales/${sale.id}/summary`;
  const { data, trouble, reload } = useLoad(() => get<Told>(path), `${path} ${sale.state}`);
  if (trouble) return <Trouble text={trouble} retry={reload} />;
  if (!data) return <Waiting />;
  const told = data.data;
  return (
    <div class="summary">
      <div class="row no-print">
        <button type="button" class="button-quiet" onClick={() => print()}>
          Print
        </button>
        <button type="button" class="button-quiet" onClick={() => void saveCsv(path, sale.id)}>
          Download CSV
        </button>
        <a class="button button-quiet" href={path} download={`${sale.id}-summary.json`}>
          Download JSON
        </a>
        <button type="button" class="button-quiet" onClick={reload}>
          Read again
        </button>
      </div>
      <Figures told={told} />
      <div class="columns">
        <Card title="The way of shoppers">
          <Funnel steps={stepsOf(told)} />
        </Card>
        <Card title="Stock">
          <StockBar {...told.totals} />
          <Reconciled told={told} />
        </Card>
      </div>
      <Products told={told} />
      <SellThrough told={told} />
      <div class="columns">
        <Waits told={told} />
        <Card title="Turned away">
          <Reasons blocked={told.blocked} />
        </Card>
      </div>
      <FairnessReport saleId={sale.id} mode={sale.mode} />
    </div>
  );
}

/** The same address answers CSV to whoever asks for it, which a link cannot. */
async function saveCsv(path: string, saleId: string): Promise<void> {
  try {
    const { data } = await ask<string>('GET', path, { accept: 'text/csv' });
    saveFile(data, `${saleId}-summary.csv`);
  } catch (error) {
    complain(error);
  }
}

function Figures({ told: { totals, orders, waits, funnel } }: { told: Told }) {
  const tiles: [string, string, string][] = [
    ['Sold', count(totals.sold), `of ${count(totals.total)}; ${count(totals.free)} left`],
    ['Revenue', money(totals.revenueMinor, totals.currency), `${count(orders.paid)} paid orders`],
    [
      'Refunded',
      money(totals.refundedMinor, totals.currency),
      `${count(orders.refunded)} orders, not in the revenue`,
    ],
    ['Joined', count(funnel.joined), `${count(funnel.admitted)} were let in`],
    ['Wait, half of all', duration(waits.p50Seconds), `95 %: ${duration(waits.p95Seconds)}`],
  ];
  return (
    <dl class="tiles">
      {tiles.map(([label, value, more]) => (
        <div key={label} class="tile">
          <dt>{label}</dt>
          <dd>
            <span class="tile-value">{value}</span>
            <span class="muted">{more}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}

function stepsOf({ funnel }: Told) {
  return [
    { label: 'Joined', value: funnel.joined },
    { label: 'Let in', value: funnel.admitted },
    { label: 'Token taken', value: funnel.issued },
    { label: 'Redeemed', value: funnel.redeemed },
    { label: 'Paid', value: funnel.paid },
    { label: 'Ran out', value: funnel.expired },
    { label: 'Gave up', value: funnel.abandoned },
    { label: 'Turned away', value: funnel.blocked },
  ];
}

function Reconciled({ told: { reconciled, reconciliation } }: { told: Told }) {
  const { checkedAt, differences } = reconciliation;
  return (
    <>
      <p class={reconciled ? 'good' : 'bad'}>
        {reconciled ? 'Redis and Postgres agree.' : 'Redis and Postgres do not agree.'}{' '}
        {differences.length === 0 && 'The ledger, counted again, comes to the same.'}
      </p>
      {differences.length > 0 && (
        <ul>
          {differences.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      )}
      <p class="muted">Checked {when(checkedAt)}.</p>
    </>
  );
}

function Products({ told }: { told: Told }) {
  type Row = Told['products'][number];
  const number = (head: string, cell: (row: Row) => string) => ({ head, cell, isNumber: true });
  return (
    <Card title="By product">
      <Table
        caption="By product"
        rows={told.products}
        keyOf={({ productId }) => productId}
        empty="No product."
        columns={[
          { head: 'Product', cell: ({ name }) => name },
          number('Units', ({ total }) => count(total)),
          number('Sold', ({ sold }) => count(sold)),
          number('Held', ({ held }) => count(held)),
          number('Free', ({ free }) => count(free)),
          number('Revenue', ({ revenueMinor, currency }) => money(revenueMinor, currency)),
        ]}
      />
    </Card>
  );
}

function SellThrough({ told: { sellThrough } }: { told: Told }) {
  return (
    <Card title="How it sold">
      <Plot
        title="Units over time"
        x={sellThrough.map(({ at }) => Math.floor(Date.parse(at) / 1_000))}
        series={[
          {
            label: 'Held or sold',
            colour: '--accent',
            values: sellThrough.map(({ sold }) => sold),
          },
          {
            label: 'Paid for',
            colour: '--good',
            values: sellThrough.map(({ paid }) => paid),
            isFilled: true,
          },
        ]}
      />
    </Card>
  );
}

type Bucket = Told['waits']['histogram'][number];
const bucketsMost = 12;

/** Neighbours together, so that it stays a picture; each begins where its first one did. */
function merged(histogram: readonly Bucket[]): Bucket[] {
  const size = Math.max(1, Math.ceil(histogram.length / bucketsMost));
  return histogram.flatMap(({ fromSeconds }, i) => {
    if (i % size !== 0) return [];
    const together = histogram.slice(i, i + size);
    return [{ fromSeconds, count: together.reduce((sum, one) => sum + one.count, 0) }];
  });
}

function Waits({ told: { waits } }: { told: Told }) {
  const buckets = merged(waits.histogram);
  const most = Math.max(1, ...buckets.map((bucket) => bucket.count));
  return (
    <Card title="How long they waited">
      {waits.histogram.length === 0 && <p class="muted">Nobody was let in.</p>}
      <ol class="funnel">
        {buckets.map((bucket) => (
          <li key={bucket.fromSeconds}>
            <span class="funnel-label">from {duration(bucket.fromSeconds)}</span>
            <span class="funnel-bar" aria-hidden="true">
              <span style={{ width: `${(bucket.count / most) * 100}%` }} />
            </span>
            <span class="funnel-value">{count(bucket.count)}</span>
          </li>
        ))}
      </ol>
    </Card>
  );
}
