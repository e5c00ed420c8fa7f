import { z } from 'zod';
import type { Redemptions } from './redemptions.ts';

/** Sends one command: `(...parts) => redis.call(...parts)` with ioredis, `(...parts) => client.sendCommand(parts)` with node-redis. */
export type SendCommand = (command: string, ...parts: string[]) => Promise<unknown>;

const attemptSchema = z.object({ idempotencyKey: z.string().nullable(), digest: z.string() });

/**
 * Keys of a token: `spent:{jti}` (the attempt), `…:answer`, both until they may be forgotten, and
 * `…:busy` (who works on it). A Redis that loses its last second, by a failover say, loses what was spent in it: what
 * costs money belongs into Postgres. Rejects as the client does.
 */
export function redisRedemptions(send: SendCommand, prefix = 'spent:'): Redemptions {
  // One hash tag, so that both are in one slot of a cluster.
  const keyOf = (jti: string) => `${prefix}{${jti}}`;
  const redemptions: Redemptions = {
    async spend(jti, attempt, keepMs) {
      const key = keyOf(jti);
      const px = String(Math.ceil(keepMs));
      const made = await send('SET', key, JSON.stringify(attempt), 'NX', 'PX', px);
      if (made !== null) return null;
      const [stored, answer] = z
        .tuple([z.string().nullable(), z.string().nullable()])
        .parse(await send('MGET', key, `${key}:answer`));
      // Released between the two commands: it is to be had again.
      if (stored === null) return await redemptions.spend(jti, attempt, keepMs);
      return { ...attemptSchema.parse(JSON.parse(stored)), answer };
    },
    async takeUp(jti, leaseMs) {
      const px = String(Math.ceil(leaseMs));
      return (await send('SET', `${keyOf(jti)}:busy`, '1', 'NX', 'PX', px)) !== null;
    },
    async putDown(jti) {
      await send('DEL', `${keyOf(jti)}:busy`);
    },
    async keep(jti, answer) {
      const key = keyOf(jti);
      const left = z.coerce.number().parse(await send('PTTL', key));
      await send('SET', `${key}:answer`, answer, 'PX', String(Math.max(1, left)));
    },
    async release(jti) {
      const key = keyOf(jti);
      if ((await send('EXISTS', `${key}:answer`)) === 0) await send('DEL', key, `${key}:busy`);
    },
  };
  return redemptions;
}
