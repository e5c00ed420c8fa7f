import type { CheckoutHealth } from '@fairgate/shared/db/checkout-health.ts';
import { z } from 'zod';
import type { LeaseStore } from '../../app/room-ports.ts';
import type { Pool } from './pool.ts';

const salesSchema = z.array(z.object({ id: z.string() }));

/** The beat has a connection and a short deadline of its own: it tells of Postgres, not of a queue. */
export function postgresLease(
  pool: Pool,
  instance: string,
  health: () => CheckoutHealth,
): LeaseStore {
  return {
    beat: () =>
      pool.run(async (sql) => {
        // One transaction: the beat is committed to disk before the answer is here.
        const rows = await sql`
          with beat as (
            insert into checkout_beats (instance, at, health)
            values (${instance}, now(), ${JSON.stringify(health())}::text::jsonb)
            on conflict (instance) do update set at = excluded.at,
              health = excluded.health || case
                when excluded.health ->> 'claimsPerSecond' is null
                then jsonb_build_object('claimsPerSecond', checkout_beats.health -> 'claimsPerSecond')
                else '{}' end
          )
          select id from sales
          where deleted_at is null
            and (phase in ('open', 'paused')
              or (phase = 'scheduled' and starts_at < now() + interval '1 minute'))`;
        return salesSchema.parse([...rows]).map((row) => row.id);
      }),
  };
}
