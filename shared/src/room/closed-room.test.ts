import { afterAll, expect, it } from 'vitest';
import { freshRedisUrl } from '../../../e2e/support/stores.ts';
import { newcomer } from './room.ts';
import { roomFixture, saleId, visitors } from './room-fixture.ts';

const redisUrl = await freshRedisUrl(afterAll);

it('a closed room ends as a whole, whatever is asked and told of it meanwhile', async () => {
  const fixture = await roomFixture(redisUrl, { abandonSeconds: 20 });
  const { room, redis } = fixture;
  const ticket = { visitor: 'v000001', number: 1, ordinal: 1, jkt: 'key' };
  await room.join(saleId, visitors(3).map(newcomer));
  await fixture.configure({ phase: 'closed' });
  for (let i = 0; i < 10; i += 1) {
    await fixture.pass(5_000);
    await room.look(saleId, [ticket]);
    await room.advance(saleId, 0);
  }
  await room.picture(saleId, 1_000, [{ productId: 'p', free: 1, held: 0, sold: 0 }]);
  await room.promise(saleId, 'again:ord_1', 1);
  expect(await room.leave(saleId, ticket)).toBe('left');
  const keys = await redis.keys('fg:*');
  expect(keys.length).toBeGreaterThan(8);
  for (const key of keys) expect(await redis.ttl(key), key).toBeGreaterThan(0);
  redis.disconnect();
});
