import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isPortFree } from '../../scripts/free-port.ts';
import { portSpan } from '../../scripts/stack/ports.ts';
import { stackOptions, startStack } from '../../scripts/stack/start.ts';
import { repositoryFolder } from '../../scripts/toolchain/folders.ts';

const keptLogs = join(repositoryFolder, '.local', 'e2e-logs');
const keptLogsMax = 10;

/** Below the ports that systems give to outgoing connections, which begin at 32,768. */
const bases = { first: 20_000, last: 32_000 };
const attemptsMax = 50;

/** A whole stack that was started here: stack.json, the folder of logs, and its end. */
export type OwnStack = { infoFile: string; logFolder: string; stop(): Promise<void> };

/** Starts a stack, empty, on ports and in a folder of its own. Whoever starts it stops it. */
export async function startTestStack(settings: Record<string, string> = {}): Promise<OwnStack> {
  const dataDir = mkdtempSync(join(tmpdir(), 'fairgate-e2e-'));
  const portBase = await freePortBase();
  const logFolder = join(dataDir, 'logs');
  const stack = await startStack(stackOptions({ portBase, dataDir, empty: true, settings }));
  return {
    infoFile: stack.infoFile,
    logFolder,
    async stop() {
      await stack.stop();
      keepLogs(logFolder, portBase);
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** The logs of the stacks that ended last stay, for whoever looks into a failure. */
function keepLogs(logFolder: string, portBase: number): void {
  mkdirSync(keptLogs, { recursive: true });
  const name = `${new Date().toISOString().replaceAll(':', '-')}-${portBase}`;
  cpSync(logFolder, join(keptLogs, name), { recursive: true });
  const older = readdirSync(keptLogs).toSorted().slice(0, -keptLogsMax);
  for (const old of older) rmSync(join(keptLogs, old), { recursive: true, force: true });
}

async function freePortBase(): Promise<number> {
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const base = bases.first + Math.floor(Math.random() * (bases.last - bases.first));
    const ports = Array.from({ length: portSpan + 1 }, (_, offset) => base + offset);
    const free = await Promise.all(ports.map((port) => isPortFree(port)));
    if (free.every(Boolean)) return base;
  }
  throw new Error(`No ${portSpan + 1} free ports in a row were found.`);
}
