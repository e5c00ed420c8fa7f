import { join } from 'node:path';
import { buildConsole } from '../console/build.ts';
import { buildPages } from '../pages/build.ts';
import type { Command } from '../toolchain/command.ts';
import { repositoryFolder } from '../toolchain/folders.ts';
import { findNginx } from '../toolchain/nginx.ts';
import { balancerSpec } from './balancer.ts';
import { prepareFolders } from './data-folder.ts';
import { openDemoSale } from './demo.ts';
import { edgeDevSpec, edgeSpec } from './edge.ts';
import { removeStackInfo, type StackInfo, writeStackInfo } from './info.ts';
import { type StackLock, takeLock } from './lock.ts';
import { parseInvocation, type StackOptions } from './options.ts';
import { checkPorts, type PortName, type PortPlan, planPorts } from './ports.ts';
import { loadSecrets, type Secrets } from './secrets.ts';
import { checkoutUrl, loopbackUrl, type ServicePlan, serviceSpecs } from './services.ts';
import { ensureDatabase, postgresStore, redisStore, type Store } from './stores.ts';
import { Supervisor } from './supervisor.ts';

// folders → lock → nginx, ports → stores → services and edge → stack.json → demo sale

export type RunningStack = {
  /** What stack.json says at this moment. */
  readonly info: StackInfo;
  readonly infoFile: string;
  /** The demo sale, if one was opened or found. */
  readonly demoSaleId: string | undefined;
  /** Stops everything that was started, within 10 s. Safe to call again. */
  stop(): Promise<void>;
};

export type StackHooks = {
  onLine?: (line: string) => void;
  /** Aborting it gives up a start under way, and stops what was started. */
  signal?: AbortSignal;
};

/** Options for a stack that rests on nothing of this process's environment, as tests want it. */
export function stackOptions(
  chosen: { portBase: number; dataDir: string } & Partial<StackOptions>,
): StackOptions {
  const defaults = parseInvocation([], {});
  if (defaults.kind === 'help') throw new Error('No arguments are no cry for help.');
  return { ...defaults.options, ...chosen };
}

/**
 * Starts a whole stack and returns when all of it answers and stack.json is written. Rejects with a
 * SetupError, and everything stopped, for what the caller can put right: a port in use, a folder
 * that cannot be used, a part that does not start.
 */
export async function startStack(
  options: StackOptions,
  { onLine = () => {}, signal }: StackHooks = {},
): Promise<RunningStack> {
  const ports = planPorts(options.portBase);
  prepareFolders(options.dataDir);
  const lock = await takeLock(join(options.dataDir, 'stack.lock'), options.dataDir);
  const stack = new Stack(options, ports, lock, onLine);
  const giveUp = () => void stack.stop();
  signal?.addEventListener('abort', giveUp, { once: true });
  try {
    signal?.throwIfAborted();
    await stack.start();
    signal?.throwIfAborted();
  } catch (error) {
    await stack.stop();
    throw error;
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
  return stack;
}

class Stack implements RunningStack {
  readonly infoFile: string;
  demoSaleId: string | undefined;
  readonly #options: StackOptions;
  readonly #ports: PortPlan;
  readonly #lock: StackLock;
  readonly #onLine: (line: string) => void;
  readonly #secrets: Secrets;
  readonly #supervisor: Supervisor;
  #redis: Store | undefined;
  #postgres: Store | undefined;
  #nginx: Command | undefined;
  #isReady = false;
  #stopping: Promise<void> | undefined;

  constructor(
    options: StackOptions,
    ports: PortPlan,
    lock: StackLock,
    onLine: (line: string) => void,
  ) {
    this.#options = options;
    this.#ports = ports;
    this.#lock = lock;
    this.#onLine = onLine;
    this.infoFile = join(options.dataDir, 'stack.json');
    this.#secrets = loadSecrets(join(options.dataDir, 'secrets.json'));
    this.#supervisor = new Supervisor({
      logFolder: join(options.dataDir, 'logs'),
      cwd: repositoryFolder,
      onLine,
      onChange: () => this.#noteChange(),
    });
  }

  get info(): StackInfo {
    const order = [
      ...['edge', 'checkout-1', 'checkout-2', 'queue-service', 'redis', 'postgres', 'balancer'],
    ];
    const rank = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
    return {
      edgeUrl: loopbackUrl(this.#ports.edge),
      checkoutUrl: checkoutUrl({ ports: this.#ports, hasBalancer: this.#nginx !== undefined }),
      controlUrl: loopbackUrl(this.#ports['queue-service']),
      mailUrl: loopbackUrl(this.#ports.mailbox),
      adminKey: this.#secrets.adminKey,
      redisUrl: this.#redis?.url ?? '',
      databaseUrl: this.#postgres?.url ?? '',
      processes: this.#supervisor.processes.sort((a, b) => rank(a.name) - rank(b.name)),
    };
  }

  async start(): Promise<void> {
    removeStackInfo(this.infoFile);
    await this.#findBalancer();
    await checkPorts(this.#ports, this.#ownPorts());
    await this.#startStores();
    await this.#startServices();
    if (!this.#options.empty) {
      this.demoSaleId = await openDemoSale(this.info, this.#onLine);
    }
    this.#isReady = true;
    this.#noteChange();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  async #startStores(): Promise<void> {
    const { settings, dataDir } = this.#options;
    const plan = { ports: this.#ports, dataDir, onLine: this.#onLine };
    const password = this.#secrets.databasePassword;
    [this.#redis, this.#postgres] = await Promise.all([
      redisStore(plan, settings.FAIRGATE_REDIS_URL),
      postgresStore(plan, password, settings.FAIRGATE_DATABASE_URL),
    ]);
    this.#onLine('starting Redis and Postgres');
    const specs = [this.#redis.spec, this.#postgres.spec].filter((spec) => spec !== undefined);
    await Promise.all(specs.map((spec) => this.#supervisor.start(spec)));
    if (this.#postgres.spec !== undefined) await ensureDatabase(this.#postgres.url);
  }

  async #startServices(): Promise<void> {
    const plan: ServicePlan = {
      ports: this.#ports,
      dataDir: this.#options.dataDir,
      secrets: this.#secrets,
      redisUrl: this.#redis?.url ?? '',
      databaseUrl: this.#postgres?.url ?? '',
      settings: this.#options.settings,
      hasBalancer: this.#nginx !== undefined,
    };
    await buildConsole(this.#onLine);
    await buildPages(this.#onLine);
    this.#onLine('starting the services and the edge');
    const balancers = this.#nginx === undefined ? [] : [balancerSpec(plan, this.#nginx)];
    const specs = [...serviceSpecs(plan), ...balancers];
    const services = specs.map((spec) => this.#supervisor.start(spec));
    await Promise.all([...services, this.#startEdge(plan)]);
  }

  async #startEdge(plan: ServicePlan): Promise<void> {
    const spec = this.#options.dev ? edgeDevSpec(plan) : await edgeSpec(plan, this.#onLine);
    await this.#supervisor.start(spec);
  }

  /** Without an nginx the shoppers' way goes to the instances themselves. */
  async #findBalancer(): Promise<void> {
    this.#nginx = await findNginx(this.#onLine, { ...process.env, ...this.#options.settings });
    if (this.#nginx !== undefined) return;
    this.#onLine('no nginx here: the checkouts run without a balancer (FAIRGATE_NGINX names one)');
  }

  /** Services first, while their stores still answer; then the stores. */
  async #stopAll(): Promise<void> {
    removeStackInfo(this.infoFile);
    this.#isReady = false;
    const stores = ['redis', 'postgres'];
    const names = this.#supervisor.processes.map(({ name }) => name);
    await this.#supervisor.stop(names.filter((name) => !stores.includes(name)));
    await this.#supervisor.stop(stores);
    this.#lock.release();
  }

  #noteChange(): void {
    if (this.#stopping !== undefined) return;
    this.#lock.note(this.#supervisor.processes.map(({ pid }) => pid));
    if (this.#isReady) writeStackInfo(this.infoFile, this.info);
  }

  #ownPorts(): PortName[] {
    const { FAIRGATE_REDIS_URL, FAIRGATE_DATABASE_URL } = this.#options.settings;
    const elsewhere: string[] = [
      ...(FAIRGATE_REDIS_URL ? ['redis'] : []),
      ...(FAIRGATE_DATABASE_URL ? ['postgres'] : []),
      ...(this.#nginx === undefined ? ['balancer'] : []),
    ];
    const names = Object.keys(this.#ports) as PortName[];
    return names.filter((name) => !elsewhere.includes(name));
  }
}
