import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A stand-in of drand, a round each second, with the answers that its HTTP API documents. */
export type Drand = {
  url: string;
  /** Rounds that were asked for, oldest first. */
  asked: number[];
  randomnessOf(round: number): string;
  close(): Promise<void>;
};

const period = 1;

export async function startDrand(): Promise<Drand> {
  const genesis = Math.floor(Date.now() / 1_000) - 1_000;
  const asked: number[] = [];
  const randomnessOf = (round: number) =>
    createHash('sha256').update(`round ${round} since ${genesis}`).digest('hex');
  const answer = (path: string): object | null => {
    if (path === '/chain/info') return { genesis_time: genesis, period };
    const round = Number(/^\/chain\/public\/(\d+)$/.exec(path)?.[1]);
    if (!(round >= 1)) return null;
    asked.push(round);
    const beginsAt = (genesis + (round - 1) * period) * 1_000;
    return Date.now() < beginsAt ? null : { round, randomness: randomnessOf(round) };
  };
  const server = createServer((request, response) => {
    const found = answer(request.url ?? '');
    response.statusCode = found === null ? 404 : 200;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(found ?? { error: 'not found' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/chain`,
    asked,
    randomnessOf,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
