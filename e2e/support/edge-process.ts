import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../scripts/free-port.ts';
import { buildEdge } from '../../scripts/stack/edge-bundle.ts';
import { writeEdgeConfig } from '../../scripts/stack/edge-config.ts';
import { httpAnswers, waitUntil } from '../../scripts/stack/probe.ts';
import { loadSecrets, type Secrets } from '../../scripts/stack/secrets.ts';
import { repositoryFolder } from '../../scripts/toolchain/folders.ts';

/** The edge alone, on workerd, as it is deployed. */
export type EdgeProcess = {
  url: string;
  pid: number;
  secrets: Secrets;
  /** All that it has written. */
  log(): string;
  stop(): Promise<void>;
};

export type EdgeWish = {
  redisUrl: string;
  /** A free one is taken where none is asked for. */
  port?: number;
  /** Of another Worker with a Durable Object `Gateway`; the edge is built where none is named. */
  bundleFolder?: string;
  /** Bindings that differ from a stack's. */
  bindings?: Record<string, string>;
  /** See `EdgeConfig`. */
  clientsSayWhere?: boolean;
  cacheAddress?: string;
  /** As PEM. */
  trustedCertificates?: readonly string[];
};

/** Builds the bundle and serves it on a port of its own. Whoever starts it stops it. */
export async function startEdge(wish: EdgeWish): Promise<EdgeProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'fairgate-edge-'));
  const bundleFolder = wish.bundleFolder ?? (await buildEdge(join(folder, 'bundle'))).folder;
  const secrets = loadSecrets(join(folder, 'secrets.json'));
  const port = wish.port ?? (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const file = join(folder, 'config.capnp');
  writeEdgeConfig({
    file,
    bundleFolder,
    host: '127.0.0.1',
    port,
    clientsSayWhere: wish.clientsSayWhere ?? false,
    cacheAddress: wish.cacheAddress,
    bindings: {
      ROOM_REDIS_URL: wish.redisUrl,
      CHECKOUT_ORIGINS: 'http://127.0.0.1:1',
      PUBLIC_ORIGIN: url,
      TICKET_KEYS: JSON.stringify(secrets.ticketKeys),
      PURCHASE_KEYS: JSON.stringify(secrets.purchaseKeys),
      PASS_KEYS: JSON.stringify(secrets.passKeys),
      ADMISSION_KEY: secrets.admissionKey,
      ALTCHA_KEY: secrets.altchaKey,
      GATEWAY_SHARDS: '2',
      LIMIT_LOOPBACK: '0',
      ...wish.bindings,
    },
    trustedCertificates: wish.trustedCertificates ?? [],
  });
  const workerd = join(repositoryFolder, 'node_modules', '.bin', 'workerd');
  const child = spawn(workerd, ['serve', file], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const keep = (chunk: Buffer) => {
    output += chunk.toString();
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const stop = async () => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  if (await waitUntil(() => child.exitCode !== null || httpAnswers(`${url}/healthz`), 20)) {
    if (child.exitCode === null)
      return { url, pid: child.pid ?? 0, secrets, log: () => output, stop };
  }
  await stop();
  throw new Error(`The edge did not start: ${output.slice(-4_000)}`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGTERM');
  // workerd waits for streams that are still open.
  const force = setTimeout(() => child.kill('SIGKILL'), 2_000);
  await gone;
  clearTimeout(force);
}
