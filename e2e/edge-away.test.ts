import { expect, onTestFinished, test } from 'vitest';
import { claimsOf, edgeClient, type Standing, tokenWhenAdmitted } from './support/edge-client.ts';
import { type EdgeProcess, type EdgeWish, startEdge } from './support/edge-process.ts';
import { mapBounded } from './support/http.ts';
import { roomsIn } from './support/rooms.ts';
import { freshRedisUrl } from './support/stores.ts';
import { holdsFor, waitFor } from './support/wait.ts';

async function startLine(count: number) {
  const redisUrl = await freshRedisUrl();
  const process_ = await startEdge({ redisUrl });
  onTestFinished(process_.stop);
  const rooms = roomsIn(redisUrl);
  onTestFinished(rooms.close);
  const saleId = await rooms.open({ admitPerMinute: 0, abandonSeconds: 5 });
  const edge = edgeClient(process_.url);
  const line: Standing[] = [];
  for (let i = 0; i < count; i += 1) line.push(await edge.join(saleId));
  return { redisUrl, process_, rooms, saleId, edge, line };
}

const numbersOf = (line: readonly Standing[]) => line.map(({ place }) => place.number);

test('the edge is away for longer than abandonSeconds: nobody is abandoned, and the first are the first', async () => {
  const { process_, rooms, saleId, edge, line } = await startLine(20);
  process.kill(process_.pid, 'SIGSTOP');
  try {
    // The queue service's timer goes on meanwhile, and after abandonSeconds the door is opened.
    const advance = async () => void (await rooms.room.advance(saleId, 0));
    await holdsFor(7, advance);
    await rooms.open({ admitPerMinute: 60_000, maxActive: 10, abandonSeconds: 5 }, saleId);
    await holdsFor(1, advance);
  } finally {
    process.kill(process_.pid, 'SIGCONT');
  }
  const states = await waitFor('the first ten being let in', 10, async () => {
    const polled = await mapBounded(line, 10, ({ ticket }) => edge.poll(saleId, ticket));
    expect(polled.map(({ number }) => number)).toEqual(numbersOf(line));
    const now = polled.map(({ state }) => state);
    return now.filter((state) => state === 'admitted').length === 10 ? now : undefined;
  });
  expect(states).toEqual(line.map((_, i) => (i < 10 ? 'admitted' : 'waiting')));
  expect(await rooms.room.figures(saleId)).toMatchObject({ abandoned: 0 });
});

test('the Worker is started anew: the same tickets have the same numbers, and the same tokens', async () => {
  const { redisUrl, process_, rooms, saleId, edge, line } = await startLine(12);
  await rooms.open({ admitPerMinute: 60_000, maxActive: 2, abandonSeconds: 60 }, saleId);
  const first = await tokenWhenAdmitted(edge, saleId, line[0]?.ticket ?? '');
  const before = await mapBounded(line, 4, ({ ticket }) => edge.poll(saleId, ticket));
  await process_.stop();
  const again = await startEdge(successorOf(process_, redisUrl));
  onTestFinished(again.stop);
  const after = await mapBounded(line, 4, ({ ticket }) => edge.poll(saleId, ticket));
  const told = (places: typeof before) => places.map(({ number, state }) => ({ number, state }));
  expect(told(after)).toEqual(told(before));
  const token = (await edge.takeToken(saleId, line[0]?.ticket ?? '')).token;
  expect(claimsOf(token).jti).toBe(claimsOf(first).jti);
  expect((await edge.join(saleId)).place.number).toBe(line.length + 1);
});

/** On the same port, with the same keys, as a deployment is. */
function successorOf({ url, secrets }: EdgeProcess, redisUrl: string): EdgeWish {
  return {
    redisUrl,
    port: Number(new URL(url).port),
    bindings: {
      TICKET_KEYS: JSON.stringify(secrets.ticketKeys),
      PURCHASE_KEYS: JSON.stringify(secrets.purchaseKeys),
      PASS_KEYS: JSON.stringify(secrets.passKeys),
      ADMISSION_KEY: secrets.admissionKey,
      ALTCHA_KEY: secrets.altchaKey,
    },
  };
}
