import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { freePort } from '../../scripts/free-port.ts';
import { redisAnswers } from '../../scripts/stack/probe.ts';
import { redisCommand } from '../../scripts/toolchain/redis.ts';
import { waitFor } from '../support/wait.ts';

/** A Redis of one's own with many lives, on one port and in one folder. Whoever starts it stops it. */
export type LivingRedis = {
  url: string;
  port: number;
  folder: string;
  start(): Promise<void>;
  signal(what: 'SIGSTOP' | 'SIGCONT'): void;
  /** SIGKILL; settles when it is gone. */
  kill(): Promise<void>;
  stop(): Promise<void>;
};

export type LivingRedisWish = {
  durable?: boolean;
  /** More arguments of redis-server. */
  args?: readonly string[];
  /** Whether it serves; by default its plain port is asked. */
  answers?: () => Promise<boolean>;
};

export async function startLivingRedis(wish: LivingRedisWish = {}): Promise<LivingRedis> {
  const program = inject('redisProgram');
  const folder = mkdtempSync(join(tmpdir(), 'fairgate-redis-'));
  const port = await freePort();
  const command = redisCommand(program, { port, folder, durable: wish.durable ?? false });
  const answers = wish.answers ?? (() => redisAnswers(port));
  let child: ChildProcess | undefined;
  const isOver = () => child === undefined || child.exitCode !== null || child.signalCode !== null;
  const kill = async () => {
    if (child === undefined || isOver()) return;
    const gone = new Promise<void>((resolve) => child?.once('exit', () => resolve()));
    child.kill('SIGKILL');
    await gone;
  };
  const redis: LivingRedis = {
    url: `redis://127.0.0.1:${port}`,
    port,
    folder,
    async start() {
      child = spawn(command.file, [...command.args, ...(wish.args ?? [])], {
        stdio: 'ignore',
        env: { ...process.env, ...command.env },
      });
      await waitFor('Redis', 20, async () => {
        if (isOver()) throw new Error('redis-server ended');
        return await answers();
      });
    },
    signal: (what) => void child?.kill(what),
    kill,
    async stop() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await redis.start();
  return redis;
}
