import { get } from '../api/client.ts';
import { useLoad } from '../api/load.ts';
import type { Fairness } from '../api/summary-shapes.ts';
import { Card, Trouble, Waiting } from '../parts/pieces.tsx';
import { count } from '../parts/words.ts';
import { Plot } from '../plots/plot.tsx';

type Arrival = { lane: string; rank: number; order: number };
type Report = { fairness: Fairness; arrivals: Arrival[] };

async function read(saleId: string): Promise<Report> {
  const path = `/v1/sales/${saleId}/fairness`;
  const [fairness, arrivals] = await Promise.all([
    get<Fairness>(path),
    get<{ items: Arrival[] }>(`${path}/arrivals`),
  ]);
  return { fairness: fairness.data, arrivals: arrivals.data.items };
}

type ReportProps = { saleId: string; mode: 'fifo' | 'lottery' };

/** Whether anybody was let in before their turn, with all that it takes to check it. */
export function FairnessReport({ saleId, mode }: ReportProps) {
  const { data, trouble, reload } = useLoad(() => read(saleId), saleId);
  return (
    <Card title="Fairness report">
      {trouble && <Trouble text={trouble} retry={reload} />}
      {!data && !trouble && <Waiting />}
      {data && (
        <>
          <Verdict {...data.fairness} />
          <ArrivalPlot arrivals={data.arrivals} mode={mode} />
          <Proof saleId={saleId} fairness={data.fairness} />
        </>
      )}
    </Card>
  );
}

function Verdict({ admitted, inversions }: Fairness) {
  if (admitted === 0) return <p>Nobody was let in yet.</p>;
  return (
    <p class={inversions === 0 ? 'verdict good' : 'verdict bad'}>
      {inversions === 0
        ? `${count(admitted)} were let in, each in their turn: nobody before somebody of their lane who stood ahead and was there.`
        : `${count(inversions)} of ${count(admitted)} were let in while somebody of their lane stood ahead and was there.`}
    </p>
  );
}

const colours: Record<string, string> = { main: '--accent', priority: '--good' };

function ArrivalPlot({ arrivals, mode }: { arrivals: readonly Arrival[]; mode: string }) {
  const sorted = arrivals.toSorted((a, b) => a.order - b.order);
  const lanes = [...new Set(sorted.map(({ lane }) => lane))];
  const words = mode === 'lottery' ? 'Rank drawn, or number' : 'Number in the line';
  return (
    <Plot
      title="Arrival against admission"
      isTime={false}
      height={260}
      axes={['Order of admission', words]}
      x={sorted.map(({ order }) => order)}
      series={lanes.map((lane) => ({
        label: lane,
        colour: colours[lane] ?? '--warn',
        values: sorted.map((one) => (one.lane === lane ? one.rank : null)),
        isDots: true,
      }))}
    />
  );
}

function Proof({ saleId, fairness }: { saleId: string; fairness: Fairness }) {
  const path = `/v1/sales/${saleId}/fairness`;
  const facts: [string, string | null][] = [
    ['Head of the log', fairness.logHead],
    ['Lines', count(fairness.logSeq)],
    ['Commitment of the draw', fairness.drawCommitment],
    ['Seed of the draw', fairness.drawSeed],
  ];
  return (
    <>
      <dl class="pairs">
        {facts
          .filter(([, value]) => value !== null)
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <code class="secret">{value}</code>
              </dd>
            </div>
          ))}
      </dl>
      <div class="row no-print">
        <a class="button button-quiet" href={`${path}/proof`} download={`${saleId}-proof.json`}>
          Download the proof
        </a>
        <a class="button button-quiet" href={`${path}/log`} download={`${saleId}-log.ndjson`}>
          Download the log
        </a>
      </div>
    </>
  );
}
