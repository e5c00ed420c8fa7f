import { type ChildProcess, spawn } from 'node:child_process';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { freePort } from '../../scripts/free-port.ts';
import { repositoryFolder } from '../../scripts/toolchain/folders.ts';
import { nodeCommand } from '../../scripts/toolchain/node.ts';

export const processAdminKey = 'fgk_the-first-admin-key-of-main-test';

const bodySchema = z.record(z.string(), z.unknown());

/** Two processes that start on a busy machine take a while; no promise is measured by it. */
export const patience = { timeout: 90_000, interval: 50 };

/** The service as it is started in production; killed when the test is over. */
export async function startProcess(
  databaseUrl: string,
  redisUrl: string,
  settings: Record<string, string> = {},
) {
  const port = await freePort();
  const command = nodeCommand('queue-service/src/main.ts');
  const env = {
    ...command.env,
    PATH: process.env.PATH,
    FAIRGATE_PORT: String(port),
    FAIRGATE_DATABASE_URL: databaseUrl,
    FAIRGATE_ROOM_REDIS_URL: redisUrl,
    FAIRGATE_JOBS_REDIS_URL: redisUrl,
    FAIRGATE_SMTP_URL: 'smtp://127.0.0.1:1',
    FAIRGATE_MAIL_FROM: 'shop@example.org',
    FAIRGATE_PUBLIC_ORIGINS: 'http://127.0.0.1:8787',
    FAIRGATE_BOOTSTRAP_ADMIN_KEY: processAdminKey,
    FAIRGATE_CHECKOUT_URLS: 'http://127.0.0.1:1',
    FAIRGATE_INTERNAL_KEY: 'the-internal-key-of-main-test-0123456789',
    FAIRGATE_WEBHOOK_KEYS: 'w'.repeat(43),
    FAIRGATE_WEBHOOK_PRIVATE: '1',
    FAIRGATE_PASS_KEYS: JSON.stringify({ keys: [{ kid: 'a', k: 'k'.repeat(43) }] }),
    FAIRGATE_NOTICE_KEYS: JSON.stringify({ keys: [{ kid: 'a', k: 'n'.repeat(43) }] }),
    ...settings,
  };
  const child: ChildProcess = spawn(command.file, command.args, {
    cwd: repositoryFolder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for (const pipe of [child.stdout, child.stderr]) {
    pipe?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const origin = `http://127.0.0.1:${port}`;
  const call = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${origin}${path}`, {
      method,
      headers: { authorization: `Bearer ${processAdminKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: bodySchema.parse(await response.json()) };
  };
  return { child, origin, call, exited, output: () => output };
}
