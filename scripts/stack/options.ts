import { resolve } from 'node:path';
import { SetupError } from '../setup-error.ts';
import { repositoryFolder } from '../toolchain/folders.ts';
import { defaultPortBase, portSpan } from './ports.ts';

export type StackOptions = {
  portBase: number;
  /** Absolute. Everything that the stack writes is in it. */
  dataDir: string;
  /** No demo sale. */
  empty: boolean;
  /** Simulated shoppers to send to the demo sale; 0 for none. */
  crowdShoppers: number;
  /** The edge under `wrangler dev`, which reloads as its files change. */
  dev: boolean;
  /** FAIRGATE_* settings: the stack's own, and what its processes are started with. */
  settings: Record<string, string>;
};

export type Invocation = { kind: 'help' } | { kind: 'start'; options: StackOptions };

export const usage = `Usage: npm start -- [options]

Starts Redis, Postgres, the queue service, two checkouts behind nginx, and the edge, and keeps them running.

  --empty           no demo sale
  --crowd N         send N simulated shoppers to the demo sale
  --port-base N     use ports N to N+${portSpan} instead of ${defaultPortBase} on (or FAIRGATE_PORT_BASE)
  --data-dir PATH   keep everything in PATH instead of .local (or FAIRGATE_DATA_DIR)
  --dev             run the edge under wrangler dev, with reload (npm run dev)
  --help            show this

  FAIRGATE_REDIS_URL, FAIRGATE_DATABASE_URL   use these instead of starting one
  FAIRGATE_REDIS_SERVER                       the redis-server program to run
  FAIRGATE_NGINX                              the nginx program to run, or off for none
  FAIRGATE_LIMIT_LOOPBACK=1                   limits and bans for loopback addresses too
`;

/** Options from the command line, then the environment. Throws a SetupError for what it cannot read. */
export function parseInvocation(args: string[], env: NodeJS.ProcessEnv): Invocation {
  const settings = fairgateSettings(env);
  const options: StackOptions = {
    portBase: portBaseOf(settings.FAIRGATE_PORT_BASE || `${defaultPortBase}`, 'FAIRGATE_PORT_BASE'),
    dataDir: resolve(repositoryFolder, settings.FAIRGATE_DATA_DIR || '.local'),
    empty: false,
    crowdShoppers: 0,
    dev: false,
    settings,
  };
  const rest = args.flatMap((arg) => (/^--[^=]+=/.test(arg) ? splitOnce(arg) : [arg]));
  while (rest.length > 0) {
    const flag = rest.shift() ?? '';
    if (flag === '--help' || flag === '-h') return { kind: 'help' };
    readFlag(flag, options, () => valueAfter(flag, rest));
  }
  if (options.empty && options.crowdShoppers > 0) {
    throw new SetupError('--crowd goes to the demo sale, and --empty makes none; leave one out.');
  }
  return { kind: 'start', options };
}

function readFlag(flag: string, options: StackOptions, value: () => string): void {
  switch (flag) {
    case '--empty':
      options.empty = true;
      return;
    case '--dev':
      options.dev = true;
      return;
    case '--crowd':
      options.crowdShoppers = wholeNumber(value(), flag, 1, 100_000);
      return;
    case '--port-base':
      options.portBase = portBaseOf(value(), flag);
      return;
    case '--data-dir':
      options.dataDir = resolve(value());
      return;
    default:
      throw new SetupError(`Unknown option ${flag}.\n\n${usage}`);
  }
}

function fairgateSettings(env: NodeJS.ProcessEnv): Record<string, string> {
  const entries = Object.entries(env).filter(
    (entry): entry is [string, string] =>
      entry[0].startsWith('FAIRGATE_') && entry[1] !== undefined,
  );
  return Object.fromEntries(entries);
}

function splitOnce(arg: string): [string, string] {
  const at = arg.indexOf('=');
  return [arg.slice(0, at), arg.slice(at + 1)];
}

function valueAfter(flag: string, rest: string[]): string {
  const value = rest.shift();
  if (value === undefined || value === '' || value.startsWith('--')) {
    throw new SetupError(`${flag} needs a value.\n\n${usage}`);
  }
  return value;
}

/** Ports under 1024 are the system's; the last port of the stack has to exist too. */
function portBaseOf(text: string, name: string): number {
  return wholeNumber(text, name, 1_024, 65_535 - portSpan);
}

function wholeNumber(text: string, name: string, least: number, most: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new SetupError(`${name} is ${text}; it has to be a whole number from ${least} to ${most}.`);
}
