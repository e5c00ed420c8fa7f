import { join } from 'node:path';
import { sealKeysSetting } from '../keys/seal-keys.ts';
import { dieWithParent } from '../toolchain/command.ts';
import { nodeCommand } from '../toolchain/node.ts';
import type { ProcessSpec } from './managed-process.ts';
import type { PortPlan } from './ports.ts';
import { httpAnswers } from './probe.ts';
import { publicKeys, type Secrets } from './secrets.ts';

export type ServicePlan = {
  ports: PortPlan;
  dataDir: string;
  secrets: Secrets;
  redisUrl: string;
  databaseUrl: string;
  /** FAIRGATE_* settings that every service is given, unless the stack sets them itself. */
  settings: Record<string, string>;
  /** nginx runs in front of the checkouts. */
  hasBalancer: boolean;
};

export const loopbackUrl = (port: number) => `http://127.0.0.1:${port}`;

/** The Node services, each with its settings; they wait for nothing but the stores. */
export function serviceSpecs(plan: ServicePlan): ProcessSpec[] {
  const checkouts = (['checkout-1', 'checkout-2'] as const).map((name) => checkoutSpec(plan, name));
  return [mailboxSpec(plan), sandboxSpec(plan), queueSpec(plan), ...checkouts];
}

/** Where a checkout is asked first: at the balancer, or where there is none at the first instance. */
export function checkoutUrl({ ports, hasBalancer }: Pick<ServicePlan, 'ports' | 'hasBalancer'>) {
  return loopbackUrl(hasBalancer ? ports.balancer : ports['checkout-1']);
}

/** The instances themselves. */
export function checkoutUrls(ports: PortPlan): string[] {
  return [loopbackUrl(ports['checkout-1']), loopbackUrl(ports['checkout-2'])];
}

function mailboxSpec(plan: ServicePlan): ProcessSpec {
  return nodeSpec(plan, 'mailbox', 'scripts/mailbox.mjs', '/healthz', {
    FAIRGATE_SMTP_PORT: `${plan.ports.smtp}`,
    FAIRGATE_MAIL_FILE: join(plan.dataDir, 'mail.ndjson'),
  });
}

function sandboxSpec(plan: ServicePlan): ProcessSpec {
  const ways = new Set([checkoutUrl(plan), ...checkoutUrls(plan.ports)]);
  const hooks = [...ways].map((url) => `${url}/webhooks/sandbox`);
  return nodeSpec(plan, 'sandbox', 'checkout-service/src/sandbox/main.ts', '/healthz', {
    FAIRGATE_SANDBOX_WEBHOOK_URLS: hooks.join(','),
    FAIRGATE_SANDBOX_WEBHOOK_SECRET: plan.secrets.sandboxWebhookSecret,
    FAIRGATE_SANDBOX_FILE: join(plan.dataDir, 'sandbox.ndjson'),
  });
}

function queueSpec(plan: ServicePlan): ProcessSpec {
  return nodeSpec(plan, 'queue-service', 'queue-service/src/main.ts', '/readyz', {
    FAIRGATE_DATABASE_URL: plan.databaseUrl,
    FAIRGATE_ROOM_REDIS_URL: plan.redisUrl,
    FAIRGATE_JOBS_REDIS_URL: plan.redisUrl,
    FAIRGATE_SMTP_URL: `smtp://127.0.0.1:${plan.ports.smtp}`,
    FAIRGATE_MAIL_FROM: 'Fairgate <tickets@fairgate.example>',
    FAIRGATE_PUBLIC_ORIGINS: publicOrigins(plan),
    FAIRGATE_BOOTSTRAP_ADMIN_KEY: plan.secrets.adminKey,
    FAIRGATE_CHECKOUT_URLS: checkoutUrls(plan.ports).join(','),
    FAIRGATE_INTERNAL_KEY: plan.secrets.internalKey,
    FAIRGATE_PASS_KEYS: JSON.stringify(plan.secrets.passKeys),
    FAIRGATE_NOTICE_KEYS: JSON.stringify(plan.secrets.noticeKeys),
    FAIRGATE_VAPID_PUBLIC_KEY: plan.secrets.vapidKey.publicKey,
    FAIRGATE_VAPID_PRIVATE_KEY: plan.secrets.vapidKey.privateKey,
    FAIRGATE_VAPID_SUBJECT: plan.settings.FAIRGATE_VAPID_SUBJECT || 'mailto:push@fairgate.example',
    FAIRGATE_PUSH_LOOPBACK: plan.settings.FAIRGATE_PUSH_LOOPBACK || '1',
    FAIRGATE_WEBHOOK_KEYS: sealKeysSetting(plan.secrets.webhookKeys),
    FAIRGATE_WEBHOOK_PRIVATE: plan.settings.FAIRGATE_WEBHOOK_PRIVATE || '1',
    FAIRGATE_LIMIT_LOOPBACK: plan.settings.FAIRGATE_LIMIT_LOOPBACK || '0',
  });
}

function checkoutSpec(plan: ServicePlan, name: 'checkout-1' | 'checkout-2'): ProcessSpec {
  return nodeSpec(plan, name, 'checkout-service/src/main.ts', '/readyz', {
    FAIRGATE_INSTANCE: name,
    FAIRGATE_DATABASE_URL: plan.databaseUrl,
    FAIRGATE_ROOM_REDIS_URL: plan.redisUrl,
    FAIRGATE_JOBS_REDIS_URL: plan.redisUrl,
    FAIRGATE_INTERNAL_KEY: plan.secrets.internalKey,
    FAIRGATE_PUBLIC_ORIGINS: publicOrigins(plan),
    FAIRGATE_PURCHASE_JWKS: JSON.stringify(publicKeys(plan.secrets)),
    FAIRGATE_JWKS_URL: `${loopbackUrl(plan.ports.edge)}/.well-known/jwks.json`,
    FAIRGATE_ORDER_KEY_SECRET: plan.secrets.orderKeySecret,
    FAIRGATE_NOTICE_KEYS: JSON.stringify(plan.secrets.noticeKeys),
    FAIRGATE_SANDBOX_URL: loopbackUrl(plan.ports.sandbox),
    FAIRGATE_SANDBOX_WEBHOOK_SECRET: plan.secrets.sandboxWebhookSecret,
  });
}

/** The edge is the canonical one; a shopper who types localhost, or asks a checkout, is at home too. */
function publicOrigins(plan: ServicePlan): string {
  const { ports } = plan;
  const edge = [loopbackUrl(ports.edge), `http://localhost:${ports.edge}`];
  return [...new Set([...edge, checkoutUrl(plan), ...checkoutUrls(ports)])].join(',');
}

function nodeSpec(
  plan: ServicePlan,
  name: 'mailbox' | 'sandbox' | 'queue-service' | 'checkout-1' | 'checkout-2',
  script: string,
  readyPath: string,
  settings: Record<string, string>,
): ProcessSpec {
  const port = plan.ports[name];
  const env = {
    FAIRGATE_HOST: '127.0.0.1',
    FAIRGATE_LOG_LEVEL: 'info',
    ...plan.settings,
    FAIRGATE_PORT: `${port}`,
    ...settings,
  };
  return {
    name,
    url: loopbackUrl(port),
    command: dieWithParent(nodeCommand(script, env), 'TERM'),
    isReady: () => httpAnswers(`${loopbackUrl(port)}${readyPath}`),
    stopSignal: 'SIGTERM',
  };
}
