import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { freePort } from '../../../scripts/free-port.ts';
import { httpAnswers, waitUntil } from '../../../scripts/stack/probe.ts';
import { repositoryFolder } from '../../../scripts/toolchain/folders.ts';
import type { BenchSale } from './stores.ts';

export type BenchServer = { port: number; pid: number; stop(): Promise<void> };

/** Of every variant: the first of the checkout's public origins, which proofs name. */
export const benchOrigin = 'http://127.0.0.1:8787';

/** Variant (a): the checkout as it is started in production. `nodeFlags` may hold `--cpu-prof`. */
export async function startCheckout(
  sale: BenchSale,
  redisUrl: string,
  jwks: string,
  nodeFlags: readonly string[],
): Promise<BenchServer> {
  return await startServer([...nodeFlags, 'checkout-service/src/main.ts'], (port) => ({
    args: [],
    env: {
      FAIRGATE_PORT: `${port}`,
      FAIRGATE_LOG_LEVEL: 'warn',
      FAIRGATE_INSTANCE: 'bench',
      FAIRGATE_DATABASE_URL: sale.databaseUrl,
      FAIRGATE_ROOM_REDIS_URL: redisUrl,
      FAIRGATE_JOBS_REDIS_URL: redisUrl,
      FAIRGATE_PUBLIC_ORIGINS: benchOrigin,
      FAIRGATE_PURCHASE_JWKS: jwks,
      FAIRGATE_ORDER_KEY_SECRET: randomBytes(32).toString('hex'),
      FAIRGATE_INTERNAL_KEY: randomBytes(32).toString('hex'),
      FAIRGATE_NOTICE_KEYS: JSON.stringify({
        keys: [{ kid: 'bench', k: randomBytes(32).toString('base64url') }],
      }),
    },
  }));
}

/** Variant (b): the two signatures alone. */
export async function startBareServer(jwks: string): Promise<BenchServer> {
  return await startServer(['e2e/bench/checkout/bare-server.ts'], (port) => ({
    args: [`${port}`, jwks, benchOrigin],
    env: {},
  }));
}

export type Written = { seconds: number; tookMs: number[] };

/** Variants (c) and (d): claims straight into Postgres, in a process of their own. */
export async function writeClaims(
  sale: BenchSale,
  task: { batchSize: number; lanes: number; count: number },
): Promise<Written> {
  const args = [
    'checkout-service/src/testing/claim-writer.ts',
    JSON.stringify({ ...sale, ...task }),
  ];
  const child = spawnNode(args, {});
  let output = '';
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  if (code !== 0) throw new Error(`the writer of claims ended with ${code}`);
  return z.object({ seconds: z.number(), tookMs: z.array(z.number()) }).parse(JSON.parse(output));
}

async function startServer(
  script: readonly string[],
  settings: (port: number) => { args: string[]; env: Record<string, string> },
): Promise<BenchServer> {
  const port = await freePort();
  const { args, env } = settings(port);
  const child = spawnNode([...script, ...args], env);
  const answers = () => httpAnswers(`http://127.0.0.1:${port}/readyz`);
  const stop = async () => {
    if (child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await gone;
  };
  if (
    !(await waitUntil(() => child.exitCode !== null || answers(), 30)) ||
    child.exitCode !== null
  ) {
    await stop();
    throw new Error(`${script.at(-1)} did not start`);
  }
  return { port, pid: child.pid ?? 0, stop };
}

function spawnNode(args: readonly string[], env: Record<string, string>): ChildProcess {
  return spawn(process.execPath, [...args], {
    cwd: join(repositoryFolder),
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
