import type { DatabaseClient } from '@fairgate/shared/db/client.ts';
import { products } from '@fairgate/shared/db/schema.ts';
import { checkoutBeats } from '@fairgate/shared/db/schema-records.ts';
import { and, inArray, isNull, sql } from 'drizzle-orm';
import { z } from 'zod';
import type { CheckFacts } from '../../app/check-ports.ts';
import { saleProductRecords } from './product-rows.ts';

/** Beats come every 700 ms. */
const liveSeconds = 10;

const healthSchema = z.object({
  claimsPerSecond: z.number().nullable().catch(null),
  providers: z.array(z.string()).nullable().catch(null),
});

/** Errors are the connection's own. */
export function postgresCheckFacts({ db }: Pick<DatabaseClient, 'db'>): CheckFacts {
  return {
    async products(ids) {
      if (ids.length === 0) return [];
      const there = await db
        .select({ id: products.id })
        .from(products)
        .where(and(inArray(products.id, [...ids]), isNull(products.deletedAt)));
      const known = new Set(there.map(({ id }) => id));
      return await saleProductRecords(
        db,
        ids.filter((id) => known.has(id)),
      );
    },
    async checkouts() {
      const rows = await db
        .select({ health: checkoutBeats.health })
        .from(checkoutBeats)
        .where(sql`${checkoutBeats.at} > now() - ${liveSeconds}::int * interval '1 second'`);
      const beats = rows.map(({ health }) => healthSchema.parse(health));
      const measured = beats.flatMap((beat) => beat.claimsPerSecond ?? []);
      const told = beats.flatMap((beat) => (beat.providers === null ? [] : [beat.providers]));
      return {
        live: beats.length,
        claimsPerSecond:
          measured.length === 0 ? null : measured.reduce((sum, claims) => sum + claims, 0),
        providers: told.length === 0 ? null : [...new Set(told.flat())].sort(),
      };
    },
  };
}
