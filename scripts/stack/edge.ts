import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { z } from 'zod';
import { type Command, dieWithParent } from '../toolchain/command.ts';
import { buildEdge, wranglerScript, wranglerSettings } from './edge-bundle.ts';
import { writeEdgeConfig } from './edge-config.ts';
import type { ProcessSpec } from './managed-process.ts';
import { httpAnswers } from './probe.ts';
import { checkoutUrls, loopbackUrl, type ServicePlan } from './services.ts';

/** The edge as it is deployed: wrangler's bundle, served by workerd. */
export async function edgeSpec(
  plan: ServicePlan,
  onLine: (line: string) => void,
): Promise<ProcessSpec> {
  const folder = join(plan.dataDir, 'edge');
  const bundle = await buildEdge(join(folder, 'bundle'), onLine);
  const file = join(folder, 'config.capnp');
  writeEdgeConfig({
    file,
    bundleFolder: bundle.folder,
    host: '127.0.0.1',
    port: plan.ports.edge,
    bindings: edgeBindings(plan),
  });
  return specOf(plan, { file: workerdProgram(), args: ['serve', file], env: {} });
}

/** The edge under `wrangler dev`: slower, and reloaded whenever its files change. */
export function edgeDevSpec(plan: ServicePlan): ProcessSpec {
  const folder = join(plan.dataDir, 'edge');
  mkdirSync(folder, { recursive: true });
  const envFile = join(folder, 'dev.env');
  const lines = Object.entries(edgeBindings(plan)).map(([name, value]) => `${name}='${value}'`);
  writeFileSync(envFile, `${lines.join('\n')}\n`, { mode: 0o600 });
  const where = ['--ip', '127.0.0.1', '--port', `${plan.ports.edge}`, '--inspector-port', '0'];
  const files = ['--env-file', envFile, '--persist-to', join(folder, 'state')];
  const quiet = ['--show-interactive-dev-session', 'false'];
  return specOf(plan, {
    file: process.execPath,
    args: [wranglerScript, 'dev', ...where, ...files, ...quiet],
    env: { ...wranglerSettings, WRANGLER_LOG_PATH: join(folder, 'wrangler.log') },
  });
}

/** The program itself; the one in .bin may be a script in front of it, which a signal would miss. */
function workerdProgram(): string {
  const require = createRequire(import.meta.url);
  return z.object({ default: z.string() }).parse(require('workerd')).default;
}

function edgeBindings(plan: ServicePlan): Record<string, string> {
  const { settings, secrets } = plan;
  return {
    ROOM_REDIS_URL: plan.redisUrl,
    CHECKOUT_ORIGINS: checkoutUrls(plan.ports).join(','),
    ...(plan.hasBalancer ? { CHECKOUT_BALANCER: loopbackUrl(plan.ports.balancer) } : {}),
    PUBLIC_ORIGIN: loopbackUrl(plan.ports.edge),
    TICKET_KEYS: JSON.stringify(secrets.ticketKeys),
    PURCHASE_KEYS: JSON.stringify(secrets.purchaseKeys),
    PASS_KEYS: JSON.stringify(secrets.passKeys),
    ADMISSION_KEY: secrets.admissionKey,
    ALTCHA_KEY: secrets.altchaKey,
    VAPID_PUBLIC_KEY: secrets.vapidKey.publicKey,
    PUSH_LOOPBACK: settings.FAIRGATE_PUSH_LOOPBACK || '1',
    GATEWAY_SHARDS: settings.FAIRGATE_GATEWAY_SHARDS || '2',
    LIMIT_LOOPBACK: settings.FAIRGATE_LIMIT_LOOPBACK || '0',
    ...givenBindings(settings),
  };
}

const givenNames = [
  ...['TURNSTILE_SITE_KEY', 'TURNSTILE_SECRET', 'TURNSTILE_URL'],
  ...['LIMIT_JOINS_PER_MINUTE', 'LIMIT_EXEMPT', 'PUSH_HOSTS'],
  ...['BAN_JOINS_PER_MINUTE', 'BAN_CHALLENGES_FAILED', 'BAN_TICKETS_FORGED'],
];

/** What differs from the defaults, by `FAIRGATE_` and its name. */
function givenBindings(settings: Record<string, string>): Record<string, string> {
  const given = givenNames.map((name) => [name, settings[`FAIRGATE_${name}`] ?? '']);
  return Object.fromEntries(given.filter(([, value]) => value !== ''));
}

function specOf(plan: ServicePlan, command: Command): ProcessSpec {
  const url = loopbackUrl(plan.ports.edge);
  return {
    name: 'edge',
    url,
    command: dieWithParent(command, 'TERM'),
    isReady: () => httpAnswers(`${url}/healthz`),
    stopSignal: 'SIGTERM',
  };
}
