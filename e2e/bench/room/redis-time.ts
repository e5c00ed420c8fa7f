import type { Redis } from 'ioredis';
import { z } from 'zod';

/**
 * What a call of scripts took of Redis' own time, in µs: `wall` as Redis counts it for its
 * commandstats and slow log, `longest` of these scripts, for which everybody else waits, and `cpu` of
 * its one main thread, which other programs on the machine do not stretch.
 */
export type RedisTime = { wall: number; longest: number; cpu: number };

const scriptRows = z.array(
  z.tuple([z.number(), z.number(), z.number(), z.array(z.string())]).rest(z.unknown()),
);

/** Measures `call`, which runs scripts, one after the other, and nothing beside them. */
export async function redisTime(redis: Redis, call: () => Promise<unknown>): Promise<RedisTime> {
  await redis.config('RESETSTAT');
  await redis.config('SET', 'slowlog-log-slower-than', 0);
  await redis.slowlog('RESET');
  const before = await mainThreadMicroseconds(redis);
  await call();
  const after = await mainThreadMicroseconds(redis);
  const commands = await redis.info('commandstats');
  const wall = [...commands.matchAll(/^cmdstat_eval(?:sha)?:calls=\d+,usec=(\d+)/gm)]
    .map(([, usec]) => Number(usec))
    .reduce((sum, usec) => sum + usec, 0);
  const scripts = scriptRows
    .parse(await redis.slowlog('GET', 128))
    .filter(([, , , [name]]) => name?.startsWith('eval') ?? false);
  const longest = Math.max(...scripts.map(([, , usec]) => usec));
  return { wall, longest, cpu: Math.max(0, after - before) };
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
