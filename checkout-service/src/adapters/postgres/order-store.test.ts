import type { Appearance } from '@fairgate/shared/appearance.ts';
import { expect, it, onTestFinished } from 'vitest';
import { freshDatabaseUrl } from '../../../../e2e/support/stores.ts';
import { makeRig } from '../../testing/checkout-rig.ts';
import { postgresSales } from './order-store.ts';
import { makePool } from './pool.ts';

const log = { info() {}, warn() {}, error() {} };

it('a sale is read with the shop’s own look; one that cannot be understood stops no sale', async () => {
  const url = await freshDatabaseUrl(onTestFinished);
  const rig = await makeRig({ databaseUrl: url, units: [1] });
  onTestFinished(() => rig.close());
  const pool = makePool({ url, name: 'looks', connectionsMax: 1, statementTimeoutMs: 2_000, log });
  onTestFinished(() => pool.close());
  const { findSale } = postgresSales(pool);
  expect(await findSale(rig.saleId)).toMatchObject({ appearance: null });
  const put = (appearance: object, version: number) => rig.sql`
    insert into sale_appearances (sale_id, appearance, version, updated_at)
    values (${rig.saleId}, ${JSON.stringify(appearance)}::text::jsonb, ${version}, now())
    on conflict (sale_id) do update set appearance = excluded.appearance`;
  const look: Appearance = {
    colours: { accent: '#7a0b3b' },
    texts: { de: { 'checkout.pageTitle': 'Zur Kasse' } },
    html: { en: '<p>Hello</p>' },
  };
  await put(look, 2);
  expect(await findSale(rig.saleId)).toMatchObject({ name: 'Test sale', appearance: look });
  await put({ colours: { accent: 'red;}' } }, 3);
  expect(await findSale(rig.saleId)).toMatchObject({ name: 'Test sale', appearance: null });
});
