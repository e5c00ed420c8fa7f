import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { RandomnessAway, randomnessFrom, roundAfter } from './randomness.ts';

const info = { genesis_time: 1_000, period: 30 };

async function source(answers: Record<string, unknown>, asked: string[] = []): Promise<string> {
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const answer = answers[request.url ?? ''];
    response.statusCode = answer === undefined ? 404 : 200;
    response.end(JSON.stringify(answer ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/chain`;
}

test('the round is named by the moment at which the lobby closed, and begins after it', () => {
  // Round 1 begins at the genesis.
  expect(roundAfter(info, 1_000_000)).toBe(2);
  expect(roundAfter(info, 1_029_999)).toBe(2);
  expect(roundAfter(info, 1_030_000)).toBe(3);
  expect(roundAfter(info, 5)).toBe(1);
});

test('the value of that round is taken, and of no other', async () => {
  const good = { round: 2, randomness: 'ab'.repeat(32) };
  const url = await source({ '/chain/info': info, '/chain/public/2': good });
  expect(await randomnessFrom(fetch, Date.now)(url, 1_000_000)).toBe('ab'.repeat(32));
  const other = await source({ '/chain/info': info, '/chain/public/2': { ...good, round: 1 } });
  await expect(randomnessFrom(fetch, Date.now)(other, 1_000_000)).rejects.toThrow(RandomnessAway);
});

test('a round that is not there yet, or a source that is away or answers nonsense, is told', async () => {
  const early = await source({ '/chain/info': info });
  await expect(randomnessFrom(fetch, Date.now)(early, 1_000_000)).rejects.toThrow(/404/);
  const odd = await source({ '/chain/info': { hello: 1 } });
  await expect(randomnessFrom(fetch, Date.now)(odd, 1_000_000)).rejects.toThrow(RandomnessAway);
  await expect(randomnessFrom(fetch, Date.now)('http://127.0.0.1:9/', 5)).rejects.toThrow(
    RandomnessAway,
  );
});

test('a source is not pressed: asked for a round once that has begun, and left alone after a fault', async () => {
  const asked: string[] = [];
  const answers: Record<string, unknown> = { '/chain/info': info };
  const url = await source(answers, asked);
  let now = 1_000_000;
  const randomness = randomnessFrom(fetch, () => now);
  for (let i = 0; i < 5; i += 1) {
    await expect(randomness(url, now)).rejects.toThrow(
      /round 2 of .* begins at 1970-01-01T00:17:10/,
    );
  }
  expect(asked).toEqual(['/chain/info']);
  now = 1_030_000;
  for (let i = 0; i < 5; i += 1) await expect(randomness(url, 1_000_000)).rejects.toThrow(/404/);
  expect(asked.splice(1)).toEqual(['/chain/public/2']);
  answers['/chain/public/2'] = { round: 2, randomness: 'cd'.repeat(32) };
  now += 2_000;
  expect(await randomness(url, 1_000_000)).toBe('cd'.repeat(32));
});
