import { get, type IncomingMessage } from 'node:http';
import { z } from 'zod';

// A process of its own, so that reading the streams is no work of whoever loads the services:
// `crowd.ts {json}` prints `ready` once each watcher was told something, and a line of figures when
// it is told to end.

const wish = z
  .object({
    controlUrl: z.string(),
    key: z.string(),
    saleId: z.string(),
    watchers: z.number(),
    admins: z.number(),
    changeEveryMs: z.number(),
  })
  .parse(JSON.parse(process.argv[2] ?? '{}'));

const sale = `${wish.controlUrl}/v1/sales/${wish.saleId}`;
const headers = { authorization: `Bearer ${wish.key}` };
const told = { events: 0, ended: 0, changes: 0, refused: 0 };

/** Resolves with the first event. */
function watch(): Promise<void> {
  return new Promise((resolve, reject) => {
    const heard = (response: IncomingMessage) => {
      if (response.statusCode !== 200) reject(new Error(`a watcher got ${response.statusCode}`));
      response.on('data', (chunk: Buffer) => {
        if (!chunk.includes('data: ')) return;
        told.events += 1;
        resolve();
      });
      response.on('end', () => {
        told.ended += 1;
      });
    };
    get(`${sale}/stream`, { headers, agent: false }, heard).on('error', reject);
  });
}

/** One change after the other, each at its time. */
async function change(admin: number): Promise<never> {
  for (let i = 0; ; i += 1) {
    const startedMs = performance.now();
    const body = JSON.stringify({ message: `${admin} says ${i}`, maxActive: 1_000 + admin });
    const json = { ...headers, 'content-type': 'application/json' };
    const answer = await fetch(`${sale}/room`, { method: 'PATCH', headers: json, body });
    await answer.arrayBuffer();
    if (answer.status === 200) told.changes += 1;
    else told.refused += 1;
    const restMs = Math.max(0, wish.changeEveryMs - (performance.now() - startedMs));
    await new Promise((resolve) => setTimeout(resolve, restMs));
  }
}

await Promise.all(Array.from({ length: wish.watchers }, watch));
for (let admin = 0; admin < wish.admins; admin += 1) void change(admin);
const begunMs = performance.now();
told.events = 0;
console.log('ready');
process.once('SIGTERM', () => {
  console.log(JSON.stringify({ ...told, seconds: (performance.now() - begunMs) / 1_000 }));
  process.exit(0);
});
