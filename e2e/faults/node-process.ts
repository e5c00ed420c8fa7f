import { type ChildProcess, spawn } from 'node:child_process';
import { dieWithParent } from '../../scripts/toolchain/command.ts';
import { repositoryFolder } from '../../scripts/toolchain/folders.ts';
import { nodeCommand } from '../../scripts/toolchain/node.ts';
import { call } from '../support/http.ts';
import { waitFor } from '../support/wait.ts';

/** A service as a process of its own, that may be killed and started again on the same port. */
export type NodeProcess = {
  url: string;
  pid(): number;
  alive(): boolean;
  /** Starts it, and waits until it answers. */
  start(): Promise<void>;
  /** SIGKILL, as an out-of-memory killer would; settles when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM. */
  stop(): Promise<void>;
  /** All that it has written, of every life. */
  log(): string;
  /** How often it ended without being told to. */
  deaths(): number;
};

export type NodeProcessWish = {
  script: string;
  port: number;
  settings: Record<string, string>;
  readyPath: string;
};

/** Of a machine that is busy with everything else. */
const readySecondsMax = 90;

export function nodeProcess(wish: NodeProcessWish): NodeProcess {
  const url = `http://127.0.0.1:${wish.port}`;
  const chunks: string[] = [];
  let child: ChildProcess | undefined;
  let told = false;
  let deaths = 0;
  const alive = () => child !== undefined && child.exitCode === null && child.signalCode === null;
  const end = async (signal: NodeJS.Signals) => {
    const ending = child;
    if (ending === undefined || !alive()) return;
    told = true;
    const gone = new Promise<void>((resolve) => ending.once('exit', () => resolve()));
    ending.kill(signal);
    await gone;
  };
  return {
    url,
    pid: () => child?.pid ?? 0,
    alive,
    async start() {
      told = false;
      child = launch(wish, (chunk) => chunks.push(chunk));
      child.once('exit', () => {
        if (!told) deaths += 1;
      });
      await waitFor(`${url}${wish.readyPath}`, readySecondsMax, async () => {
        if (!alive()) throw new Error(`it ended: ${chunks.join('').slice(-2_000)}`);
        return (await call(`${url}${wish.readyPath}`, { timeoutMs: 1_000 })).status === 200;
      });
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    log: () => chunks.join(''),
    deaths: () => deaths,
  };
}

function launch(wish: NodeProcessWish, write: (chunk: string) => void): ChildProcess {
  const { PATH, HOME } = process.env;
  const env = { PATH, HOME, FAIRGATE_HOST: '127.0.0.1', FAIRGATE_PORT: `${wish.port}` };
  const command = dieWithParent(nodeCommand(wish.script), 'TERM');
  const child = spawn(command.file, command.args, {
    cwd: repositoryFolder,
    env: { ...command.env, ...env, ...wish.settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.on('data', (chunk: Buffer) => write(chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => write(chunk.toString()));
  return child;
}
