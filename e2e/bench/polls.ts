import autocannon from 'autocannon';
import { readStackInfo } from '../../scripts/stack/info.ts';
import { controlClient } from '../support/control-client.ts';
import { edgeClient } from '../support/edge-client.ts';
import { openSale } from '../support/fixtures.ts';
import { mapBounded } from '../support/http.ts';
import { startTestStack } from '../support/own-stack.ts';

// `npm run bench:polls`: polls of people who wait, each with a ticket of their own, against a fixed
// answer of the same Worker, side by side on workerd. Prints medians and their ratio.

const rounds = 3;
const secondsARound = 5;
const connections = 50;
const ticketCount = 2_000;
/** autocannon builds each connection's requests beforehand: enough to differ, not to stall it. */
const ticketsAConnection = 200;

type Round = { perSecond: number; p50Ms: number; p99Ms: number };

async function load(url: string, requests: { headers: Record<string, string> }[]): Promise<Round> {
  const result = await autocannon({ url, connections, duration: secondsARound, requests });
  if (result.non2xx > 0 || result.errors > 0) {
    throw new Error(`${url}: ${result.non2xx} refusals, ${result.errors} errors`);
  }
  const { requests: sent, latency } = result;
  return { perSecond: sent.average, p50Ms: latency.p50, p99Ms: latency.p99 };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function tell(name: string, all: Round[]): number {
  const perSecond = median(all.map((round) => round.perSecond));
  const p50 = median(all.map((round) => round.p50Ms));
  const p99 = median(all.map((round) => round.p99Ms));
  console.log(`${name.padEnd(14)} ${perSecond.toFixed(0)}/s, p50 ${p50} ms, p99 ${p99} ms`);
  return perSecond;
}

const stack = await startTestStack();
try {
  const { edgeUrl, controlUrl, adminKey } = readStackInfo(stack.infoFile);
  const edge = edgeClient(edgeUrl);
  const room = { admitPerMinute: 0, abandonSeconds: 600 };
  const { saleId } = await openSale(controlClient(controlUrl, adminKey), edge, { units: 10, room });
  const standings = await mapBounded(Array.from({ length: ticketCount }), 20, () =>
    edge.join(saleId),
  );
  const polls: Round[] = [];
  const fixed: Round[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const from = (round * ticketsAConnection) % ticketCount;
    const requests = standings.slice(from, from + ticketsAConnection).map(({ ticket }) => ({
      headers: { authorization: `Bearer ${ticket}` },
    }));
    fixed.push(await load(`${edgeUrl}/healthz`, [{ headers: {} }]));
    polls.push(await load(`${edgeUrl}/api/sales/${saleId}/place`, requests));
  }
  const baseline = tell('fixed answer', fixed);
  console.log(`ratio          ${(tell('polls', polls) / baseline).toFixed(2)}`);
} finally {
  await stack.stop();
}
