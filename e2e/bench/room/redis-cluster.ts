import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from '../../../scripts/free-port.ts';
import { redisAnswers, waitUntil } from '../../../scripts/stack/probe.ts';
import { findRedis, redisCommand } from '../../../scripts/toolchain/redis.ts';

export type BenchCluster = { urls: string[]; stop(): Promise<void> };

type Node = { port: number; redis: Redis; stop(): Promise<void> };

const masters = 3;
const slotCount = 16_384;

/** Three masters on the loopback, each with a third of the slots, that write nothing. */
export async function startBenchCluster(folder: string): Promise<BenchCluster> {
  const nodes: Node[] = [];
  const stop = async () => {
    await Promise.all(nodes.map((node) => node.stop()));
  };
  try {
    for (let i = 0; i < masters; i += 1) nodes.push(await startNode(join(folder, `node-${i}`)));
    for (const [i, { redis }] of nodes.entries()) {
      const [from = 0, to = 0] = [i, i + 1].map((n) => Math.floor((slotCount * n) / masters));
      await redis.cluster('ADDSLOTSRANGE', from, to - 1);
      await redis.cluster('MEET', '127.0.0.1', nodes[0]?.port ?? 0);
    }
    const isWhole = async () => {
      const infos = await Promise.all(nodes.map(({ redis }) => redis.cluster('INFO')));
      return infos.every((info) => /state:ok[\s\S]*known_nodes:3/.test(String(info)));
    };
    if (!(await waitUntil(isWhole, 30))) throw new Error('the cluster did not come together');
  } catch (error) {
    await stop();
    throw error;
  }
  return { urls: nodes.map(({ port }) => `redis://127.0.0.1:${port}`), stop };
}

async function startNode(folder: string): Promise<Node> {
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const program = await findRedis();
  const { file, args, env } = redisCommand(program, { port, folder, durable: false });
  const child = spawn(file, [...args, '--cluster-enabled', 'yes'], {
    stdio: 'ignore',
    env: { ...process.env, ...env },
  });
  const stop = async () => {
    redis.disconnect();
    const gone = new Promise((resolve) => child.once('exit', resolve));
    if (child.exitCode === null && child.kill('SIGTERM')) await gone;
  };
  const redis = new Redis({ port, host: '127.0.0.1', lazyConnect: true });
  if (!(await waitUntil(() => redisAnswers(port), 20, 10))) {
    await stop();
    throw new Error(`Redis did not start on port ${port}`);
  }
  return { port, redis, stop };
}
