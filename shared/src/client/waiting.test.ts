import { describe, expect, it } from 'vitest';
import type { Place } from '../place.ts';
import type { Pauses } from './pauses.ts';
import { FairgateProblem, FairgateUnreachable } from './problems.ts';
import { makeWait, type News } from './waiting.ts';

const placeIn = (state: Place['state'], pollAfterSeconds = 5): Place => ({
  state,
  number: 7,
  ahead: 3,
  behind: 0,
  etaSeconds: null,
  pollAfterSeconds,
  lane: 'main',
  saleState: 'open',
  message: '',
  outlook: { kind: 'likely', unitsLeft: 1, unitsHeld: 0 },
});
const problem = (status: number, slug: string, retryAfter?: string) =>
  new FairgateProblem(
    new Response(null, { status, headers: retryAfter ? { 'retry-after': retryAfter } : {} }),
    { type: `urn:fairgate:problem:${slug}` },
  );

/** Waits through these answers; what was heard, and how long each pause was, in seconds. */
function waiting(answers: (Place | Error)[], random = 0) {
  const pauses: number[] = [];
  const clock: Pauses = {
    now: () => 0,
    random: () => random,
    pause: async (ms, signal) => {
      if (signal?.aborted) throw signal.reason;
      pauses.push(ms / 1_000);
    },
  };
  const poll = async () => {
    const answer = answers.shift();
    if (answer === undefined || answer instanceof Error) throw answer;
    return answer;
  };
  return { wait: makeWait({ poll }, clock), pauses };
}

async function heard(news: AsyncIterable<News>): Promise<News[]> {
  const all: News[] = [];
  for await (const one of news) all.push(one);
  return all;
}

describe('waiting', () => {
  it('asks when it was asked to, never sooner, at most a tenth later, and ends at the turn', async () => {
    const places = () => [placeIn('lobby', 30), placeIn('waiting', 2), placeIn('admitted')];
    const prompt = waiting(places());
    expect((await heard(prompt.wait('s'))).map(({ kind }) => kind)).toEqual(Array(3).fill('place'));
    expect(prompt.pauses).toEqual([30, 2]);
    const late = waiting(places(), 1);
    await heard(late.wait('s'));
    expect(late.pauses).toEqual([33, 2.2]);
  });

  it('outlasts a network that is away, ever more slowly, and says the place that it knows', async () => {
    const away = () => new FairgateUnreachable('away');
    const answers = [placeIn('waiting'), ...Array.from({ length: 7 }, away), placeIn('issued')];
    const { wait, pauses } = waiting(answers, 1);
    const news = await heard(wait('s'));
    expect(news[1]).toMatchObject({ kind: 'trouble', place: { number: 7 }, retryInSeconds: 1 });
    expect(pauses).toEqual([5.5, 1, 2, 4, 8, 16, 30, 30]);
    expect(news.at(-1)).toMatchObject({ place: { state: 'issued' } });
  });

  it('waits at least as long as a 429 or 503 asks', async () => {
    const troubles = [problem(429, 'rate-limited', '60'), problem(503, 'unavailable', '2')];
    const { wait, pauses } = waiting([...troubles, placeIn('done')]);
    await heard(wait('s'));
    expect(pauses).toEqual([60, 2]);
  });

  it.each([
    [401, 'token-revoked'],
    [404, 'not-found'],
  ] as const)('ends with what asking again cannot mend: %s %s', async (status, slug) => {
    const { wait } = waiting([problem(status, slug)]);
    await expect(heard(wait('s'))).rejects.toMatchObject({ name: 'FairgateProblem', slug });
  });

  it('ends when it is told to, with the reason', async () => {
    const stop = new AbortController();
    const { wait } = waiting([placeIn('waiting'), placeIn('waiting')]);
    const seen: News[] = [];
    const run = async () => {
      for await (const news of wait('s', { signal: stop.signal })) {
        seen.push(news);
        stop.abort(new Error('the page was left'));
      }
    };
    await expect(run()).rejects.toThrow('the page was left');
    expect(seen).toHaveLength(1);
  });
});
