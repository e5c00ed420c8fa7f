import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Outcome } from '../reported-outcomes.ts';
import { outcomeReports } from './outcome-reports.ts';

const accepted = { result: 'accepted', order: null };
const refused = (status: number) => {
  const problem = { type: 'urn:fairgate:problem:x', title: 'X', status, detail: 'x' };
  return { result: 'refused', problem };
};
type Answer = { status: number; body: unknown } | 'drops';
const results = (...all: object[]): Answer => ({ status: 200, body: { id: 's', results: all } });

/** A control API that gives these answers in turn; `tokens` are those that each call brought. */
async function control(...answers: Answer[]) {
  const tokens: string[][] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const part of request) text += part;
    tokens.push(JSON.parse(text).outcomes.map((one: Outcome) => one.token));
    const answer = answers.shift();
    if (answer === undefined || answer === 'drops') return void request.socket.destroy();
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const waited: number[] = [];
  const report = outcomeReports({
    controlUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    apiKey: 'key',
    triesMax: 3,
    pauses: { now: () => 0, random: () => 0, pause: async (ms) => void waited.push(ms) },
  });
  return { report, tokens, waited };
}

const two: Outcome[] = [
  { token: 'a', outcome: 'abandoned' },
  { token: 'b', outcome: 'bought' },
];

describe('reports to the control API', () => {
  it('are sent again while nobody answers, and then answered in their order', async () => {
    const away = { status: 503, body: { type: 'urn:fairgate:problem:unavailable' } };
    const { report, tokens, waited } = await control(
      'drops',
      away,
      results(accepted, refused(409)),
    );
    expect(await report('sale_1', two)).toMatchObject([
      { result: 'accepted' },
      { result: 'refused' },
    ]);
    expect(tokens).toEqual([
      ['a', 'b'],
      ['a', 'b'],
      ['a', 'b'],
    ]);
    expect(waited).toEqual([500, 1_000]);
  });

  it('are sent again one by one where some cannot be taken now', async () => {
    const { report, tokens } = await control(results(refused(503), accepted), results(accepted));
    expect(await report('sale_1', two)).toEqual([accepted, accepted]);
    expect(tokens).toEqual([['a', 'b'], ['a']]);
  });

  it('end with the refusal, or with the silence, after so many tries', async () => {
    const still = results(refused(503), accepted);
    const { report } = await control(still, results(refused(503)), results(refused(503)));
    expect(await report('sale_1', two)).toMatchObject([{ result: 'refused' }, accepted]);
    const { report: unheard } = await control('drops', 'drops', 'drops');
    await expect(unheard('sale_1', two)).rejects.toMatchObject({ name: 'FairgateUnreachable' });
    const forbidden = { status: 403, body: { type: 'urn:fairgate:problem:forbidden' } };
    const { report: barred, tokens } = await control(forbidden);
    await expect(barred('sale_1', two)).rejects.toMatchObject({ slug: 'forbidden' });
    expect(tokens).toHaveLength(1);
  });
});
