import { useEffect, useRef, useState } from 'preact/hooks';
import { get } from '../api/client.ts';
import { useLoad } from '../api/load.ts';
import type { AuditEntry } from '../api/shapes.ts';
import { Card } from '../parts/pieces.tsx';
import { type Mark, Plot } from '../plots/plot.tsx';
import type { Point } from '../plots/points.ts';
import { doneWords } from './timeline.tsx';

const spans = [
  ['300', '5 min'],
  ['3600', '1 h'],
  ['86400', '24 h'],
  ['216000', '60 h'],
] as const;
/** Beyond this the minutes of the history are shown, of which one answer holds some 66 hours. */
const secondsMax = 3_600;

type PlotsProps = { saleId: string; points: readonly Point[]; done: readonly AuditEntry[] };

/** The course of a sale, with what was done to it. */
export function RoomPlots({ saleId, points, done }: PlotsProps) {
  const [span, setSpan] = useState<string>('300');
  // A new minute is there once it is over.
  const minute = Math.floor(Date.now() / 60_000);
  const long = useLoad(() => minutesOf(saleId, Number(span)), `${saleId} ${span}`);
  // What is shown stays until it is read again.
  const readAt = useRef(minute);
  useEffect(() => {
    if (readAt.current !== minute) long.reload();
    readAt.current = minute;
  }, [minute]);
  const isShort = Number(span) <= secondsMax;
  const since = Date.now() - Number(span) * 1_000;
  const shown = isShort ? points.filter(({ at }) => Date.parse(at) >= since) : (long.data ?? []);
  const x = shown.map(({ at }) => Math.floor(Date.parse(at) / 1_000));
  const marks = marksOf(done);
  const values = (name: Exclude<keyof Point, 'at'>) => shown.map((point) => point[name]);
  return (
    <Card title="As it goes" aside={<Spans span={span} choose={setSpan} />}>
      <div class="plots">
        <Plot
          title="The line"
          x={x}
          marks={marks}
          series={[
            { label: 'In line', colour: '--accent', values: values('waiting'), isFilled: true },
            { label: 'Active', colour: '--mark', values: values('active') },
          ]}
        />
        <Plot
          title="People a minute"
          x={x}
          marks={marks}
          series={[
            { label: 'Let in', colour: '--good', values: values('admittedPerMinute') },
            { label: 'Set', colour: '--muted', values: values('admitPerMinute'), isDashed: true },
            { label: 'Joining', colour: '--accent', values: values('joinedPerMinute') },
          ]}
        />
        <Plot
          title="Stock"
          x={x}
          marks={marks}
          series={[
            { label: 'Free', colour: '--accent', values: values('free') },
            { label: 'Held', colour: '--warn', values: values('held') },
            { label: 'Sold', colour: '--good', values: values('sold'), isFilled: true },
          ]}
        />
        <Plot
          title="Seconds until let in"
          x={x}
          marks={marks}
          series={[
            { label: 'Half of all', colour: '--accent', values: values('p50Seconds') },
            { label: '95 %', colour: '--bad', values: values('p95Seconds') },
          ]}
        />
      </div>
    </Card>
  );
}

function Spans({ span, choose }: { span: string; choose(span: string): void }) {
  return (
    <fieldset class="spans">
      <legend class="hidden-words">How far back</legend>
      {spans.map(([value, words]) => (
        <label key={value} class={value === span ? 'span-chosen' : ''}>
          <input
            type="radio"
            name="span"
            value={value}
            checked={value === span}
            onChange={() => choose(value)}
          />
          {words}
        </label>
      ))}
    </fieldset>
  );
}

async function minutesOf(saleId: string, seconds: number): Promise<Point[]> {
  if (seconds <= secondsMax) return [];
  const from = new Date(Date.now() - seconds * 1_000).toISOString();
  const path = `/v1/sales/${saleId}/history?step=minute&from=${encodeURIComponent(from)}`;
  return (await get<{ items: Point[] }>(path)).data.items;
}

function marksOf(done: readonly AuditEntry[]): Mark[] {
  return done
    .map((entry) => ({ at: Date.parse(entry.at) / 1_000, label: doneWords(entry) }))
    .toSorted((a, b) => a.at - b.at);
}
