import { randomBytes } from 'node:crypto';
import { newId, newVisitorId } from '@fairgate/shared/ids.ts';
import { z } from 'zod';
import { claimSession, postgresClaims } from '../adapters/postgres/claim-store.ts';
import { makePool } from '../adapters/postgres/pool.ts';
import type { Claim } from '../app/ports.ts';
import { limits } from '../limits.ts';

// Variants (c) and (d) of `npm run bench:checkout`: claims that go straight into Postgres, by the
// checkout's own statement, driver and sessions, without HTTP. Its argument is the JSON below; it
// prints {seconds, tookMs: [of each statement]}.

const task = z
  .object({
    databaseUrl: z.string(),
    saleId: z.string(),
    productId: z.string(),
    batchSize: z.int(),
    lanes: z.int(),
    count: z.int(),
  })
  .parse(JSON.parse(process.argv[2] ?? ''));

const pool = makePool({
  url: task.databaseUrl,
  name: 'claim-writer',
  connectionsMax: task.lanes,
  statementTimeoutMs: limits.claimStatementMs,
  session: claimSession,
  log: { info() {}, warn() {}, error() {} },
});
const store = postgresClaims({ batches: pool, waiting: pool, questions: pool });

let number = Math.floor(Math.random() * 1_000_000);
function claim(): Claim {
  number += 1;
  const visitor = newVisitorId();
  return {
    orderId: newId('ord'),
    jti: randomBytes(24).toString('base64url'),
    saleId: task.saleId,
    visitor,
    number,
    place: number,
    max: 1,
    idempotencyKey: newVisitorId(),
    requestHash: randomBytes(32).toString('base64url'),
    email: null,
    paidElsewhere: false,
    language: null,
    identity: null,
    proof: newVisitorId(),
    shard: number % 16,
    items: [{ productId: task.productId, quantity: 1 }],
    buyers: [{ kind: 'visitor', buyer: visitor, unitsMax: 1 }],
  };
}

/** Each lane writes its next batch when its last one is committed. */
async function write(count: number): Promise<{ seconds: number; tookMs: number[] }> {
  const tookMs: number[] = [];
  let left = count;
  const begun = performance.now();
  const lane = async () => {
    while (left > 0) {
      const size = Math.min(task.batchSize, left);
      left -= size;
      const begunBatch = performance.now();
      const reply = await store.claim(Array.from({ length: size }, claim));
      tookMs.push(performance.now() - begunBatch);
      const created = reply.kind === 'done' ? [...reply.rows.values()] : [];
      if (created.filter((row) => row.kind === 'created').length !== size) {
        throw new Error(`a batch of ${size} was ${reply.kind}`);
      }
    }
  };
  await Promise.all(Array.from({ length: task.lanes }, lane));
  return { seconds: (performance.now() - begun) / 1_000, tookMs };
}

// The statement is prepared, and the code is warm, before it counts.
await write(Math.min(task.count, task.lanes * task.batchSize * 3));
process.stdout.write(JSON.stringify(await write(task.count)));
await pool.close();
