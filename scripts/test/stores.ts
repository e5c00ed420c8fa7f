import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { postgresAnswers, redisAnswers, waitUntil } from '../stack/probe.ts';
import type { Command } from '../toolchain/command.ts';
import { postgresUrl, postgresUser, preparePostgres } from '../toolchain/postgres.ts';
import { findRedis, type RedisProgram, redisCommand } from '../toolchain/redis.ts';

/** A store of a test run: real, on a port of its own, with its files in a temporary folder. */
export type TestStore = { url: string; stop(): Promise<void> };

/** Starts a Redis that writes nothing. The folder holds nothing either, but Redis wants one. */
export async function startTestRedis(program: RedisProgram, folder: string): Promise<TestStore> {
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const child = launch(redisCommand(program, { port, folder, durable: false }));
  const stop = () => end(child, 'SIGTERM');
  if (!(await waitUntil(() => exited(child) || redisAnswers(port), 20, 10)) || exited(child)) {
    await stop();
    throw new Error(`Redis did not start on port ${port}: ${child.output()}`);
  }
  return { url: `redis://127.0.0.1:${port}`, stop };
}

/** Starts a Postgres that need not survive the machine; in the same folder, with the same data. */
export async function startTestPostgres(
  folder: string,
  onPort?: number,
  durable = false,
): Promise<TestStore & { port: number }> {
  const port = onPort ?? (await freePort());
  const place = { folder, port, password: 'test', durable };
  const child = launch(await preparePostgres(place));
  const stop = () => end(child, 'SIGINT');
  const answers = () => postgresAnswers(port, postgresUser);
  if (!(await waitUntil(() => exited(child) || answers(), 30)) || exited(child)) {
    await stop();
    throw new Error(`Postgres did not start on port ${port}: ${child.output()}`);
  }
  return { url: postgresUrl(place), port, stop };
}

/** One Redis and one Postgres for a run of the tests; see e2e/support/stores.ts for their use. */
export async function startTestStores(): Promise<{
  program: RedisProgram;
  redis: TestStore;
  postgres: TestStore;
  stop(): Promise<void>;
}> {
  const folder = mkdtempSync(join(tmpdir(), 'fairgate-test-'));
  const program = await findRedis((line) => process.stderr.write(`${line}\n`));
  const [redis, postgres] = await Promise.all([
    startTestRedis(program, join(folder, 'redis')),
    startTestPostgres(join(folder, 'postgres')),
  ]);
  const stop = async () => {
    await Promise.all([redis.stop(), postgres.stop()]);
    rmSync(folder, { recursive: true, force: true });
  };
  return { program, redis, postgres, stop };
}

type StoreProcess = ChildProcess & { output(): string };

function launch(command: Command): StoreProcess {
  const child = spawn(command.file, command.args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...command.env },
    ...command.user,
  });
  let tail = '';
  const keep = (chunk: Buffer) => {
    tail = (tail + chunk.toString()).slice(-2_000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  child.on('error', (error) => keep(Buffer.from(error.message)));
  return Object.assign(child, { output: () => tail });
}

function exited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (exited(child)) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const force = setTimeout(() => child.kill('SIGKILL'), 6_000);
  child.kill(signal);
  await gone;
  clearTimeout(force);
}
