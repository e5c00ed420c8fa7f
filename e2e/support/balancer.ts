import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../scripts/free-port.ts';
import {
  type BalancerPlace,
  balancerCommand,
  writeBalancerFiles,
} from '../../scripts/stack/balancer.ts';
import { waitUntil } from '../../scripts/stack/probe.ts';
import { findNginx } from '../../scripts/toolchain/nginx.ts';
import type { Answer } from './http.ts';

/** The real nginx with the configuration that is deployed, before upstreams of the test. */
export type Balancer = {
  url: string;
  port: number;
  /** What it wrote about requests. */
  log(): string;
  /** Its error log, whole when it has stopped. */
  errors(): string;
  stop(): Promise<void>;
};

/** Starts nginx on a port of its own. Whoever starts it stops it. Throws where there is none. */
export async function startBalancer(
  wish: Pick<BalancerPlace, 'upstreams'> & Partial<BalancerPlace>,
): Promise<Balancer> {
  const nginx = await findNginx();
  if (nginx === undefined) throw new Error('No nginx was found; FAIRGATE_NGINX names one.');
  const folder = mkdtempSync(join(tmpdir(), 'fairgate-nginx-'));
  const port = await freePort();
  writeBalancerFiles({ folder, port, limitLoopback: false, ...wish });
  const command = balancerCommand(nginx, folder);
  const child = spawn(command.file, command.args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...command.env },
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors += text;
  });
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const gone = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGTERM');
      await gone;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  if (!(await waitUntil(() => child.exitCode !== null || isOpen(port), 10))) {
    await stop();
    throw new Error(`nginx did not start: ${errors}`);
  }
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    errors: () => errors,
    log: () => readFileSync(join(folder, 'requests.log'), 'utf8'),
    stop,
  };
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    const end = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}

/** What stands in a raw request comes there as it is: no client puts paths or headers right. */
export function sendRaw(
  port: number,
  text: string,
  from = '127.0.0.1',
): Promise<Answer & { tookMs: number }> {
  const startedAt = Date.now();
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, localAddress: from });
    let received = '';
    socket.once('connect', () => socket.write(text));
    socket.on('data', (data) => {
      received += data.toString('latin1');
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET') reject(error);
    });
    socket.once('close', () => resolve({ ...parsed(received), tookMs: Date.now() - startedAt }));
  });
}

/** A GET that ends its connection, by its request target and further header lines. */
export function rawGet(target: string, ...headers: string[]): string {
  const lines = ['Host: shop.example', 'Connection: close', ...headers];
  return `GET ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}

/** Status 0 is a connection that was closed without a word. */
function parsed(received: string): Answer {
  const [head = '', ...rest] = received.split('\r\n\r\n');
  const [first = '', ...lines] = head.split('\r\n');
  const headers = new Headers(
    lines.map((line): [string, string] => {
      const at = line.indexOf(':');
      return [line.slice(0, at), line.slice(at + 1).trim()];
    }),
  );
  return { status: Number(first.split(' ')[1] ?? 0), headers, text: rest.join('\r\n\r\n') };
}
