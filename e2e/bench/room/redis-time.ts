import type { Redis } from 'ioredis';

/**
 * What a call of one script took of Redis' own time, in µs: `wall` as Redis counts it for its
 * commandstats and slow log, `cpu` of its one main thread, which other programs on the machine do not
 * stretch.
 */
export type RedisTime = { wall: number; cpu: number };

/** Measures `call`, which runs one script and nothing beside it. */
export async function redisTime(redis: Redis, call: () => Promise<unknown>): Promise<RedisTime> {
  await redis.config('RESETSTAT');
  const before = await mainThreadMicroseconds(redis);
  await call();
  const after = await mainThreadMicroseconds(redis);
  const commands = await redis.info('commandstats');
  const wall = [...commands.matchAll(/^cmdstat_eval(?:sha)?:calls=\d+,usec=(\d+)/gm)]
    .map(([, usec]) => Number(usec))
    .reduce((sum, usec) => sum + usec, 0);
  return { wall, cpu: Math.max(0, after - before) };
}

export async function usedMemoryBytes(redis: Redis): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1]);
}

/** With what asking costs: some 50 µs. */
async function mainThreadMicroseconds(redis: Redis): Promise<number> {
  const info = await redis.info('cpu');
  const seconds = (kind: string) =>
    Number(new RegExp(`^used_cpu_${kind}_main_thread:([\\d.]+)`, 'm').exec(info)?.[1]);
  return Math.round((seconds('user') + seconds('sys')) * 1e6);
}
