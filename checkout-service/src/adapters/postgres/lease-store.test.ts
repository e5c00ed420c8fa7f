import type { CheckoutHealth } from '@fairgate/shared/db/checkout-health.ts';
import { migrateDatabase } from '@fairgate/shared/db/migrate.ts';
import { expect, it, onTestFinished } from 'vitest';
import { freshDatabaseUrl } from '../../../../e2e/support/stores.ts';
import { postgresLease } from './lease-store.ts';
import { makePool } from './pool.ts';

it('a beat tells how the checkout is; its measured capacity outlives a restart', async () => {
  const url = await freshDatabaseUrl(onTestFinished);
  await migrateDatabase(url);
  const log = { info() {}, warn() {}, error() {} };
  const pool = makePool({ url, name: 'beats', connectionsMax: 1, statementTimeoutMs: 2_000, log });
  onTestFinished(() => pool.close());
  let health: CheckoutHealth = {
    providers: ['sandbox'],
    breakers: { sandbox: 'open' },
    errorsPerMinute: 3,
    claimsPerSecond: 900,
  };
  const lease = postgresLease(pool, 'checkout-1', () => health);
  const told = async () =>
    (await pool.run((sql) => sql`select health from checkout_beats`))[0]?.health;
  await lease.beat();
  expect(await told()).toEqual(health);
  health = { ...health, errorsPerMinute: 0, claimsPerSecond: null };
  await lease.beat();
  expect(await told()).toEqual({ ...health, claimsPerSecond: 900 });
  health = { ...health, claimsPerSecond: 1_200 };
  await lease.beat();
  expect(await told()).toEqual(health);
});
