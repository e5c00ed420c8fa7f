import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../scripts/free-port.ts';
import { postgresAnswers } from '../../scripts/stack/probe.ts';
import {
  clearStalePid,
  postgresUrl,
  postgresUser,
  preparePostgres,
} from '../../scripts/toolchain/postgres.ts';
import { waitFor } from '../support/wait.ts';

/** SIGQUIT is Postgres' immediate shutdown, SIGINT its fast one, SIGKILL nobody's. */
export type PostgresEnd = 'SIGQUIT' | 'SIGKILL' | 'SIGINT';

/** A Postgres of one's own, on one port through all its lives. Whoever starts it stops it. */
export type OwnPostgres = {
  url: string;
  end(how: PostgresEnd): Promise<void>;
  /** Starts it again, and waits until it takes sessions. */
  start(): Promise<void>;
  stop(): Promise<void>;
};

export async function startOwnPostgres(): Promise<OwnPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'fairgate-postgres-'));
  const place = {
    folder: join(folder, 'data'),
    port: await freePort(),
    password: randomBytes(18).toString('hex'),
    durable: false,
  };
  const command = await preparePostgres(place);
  let child: ChildProcess | undefined;
  const isOver = () => child === undefined || child.exitCode !== null || child.signalCode !== null;
  const launch = () => {
    clearStalePid(place.folder);
    const { file, args, env, user } = command;
    child = spawn(file, args, { stdio: 'ignore', env: { ...process.env, ...env }, ...user });
  };
  const end = async (how: PostgresEnd) => {
    if (child === undefined || isOver()) return;
    const gone = new Promise<void>((resolve) => child?.once('exit', () => resolve()));
    child.kill(how);
    await gone;
  };
  const own: OwnPostgres = {
    url: postgresUrl(place),
    end,
    async start() {
      launch();
      await waitFor('Postgres', 60, async () => {
        // After a SIGKILL its children live on for a moment, and their memory is in use.
        if (isOver()) launch();
        return await postgresAnswers(place.port, postgresUser);
      });
    },
    async stop() {
      await end('SIGQUIT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await own.start();
  return own;
}
