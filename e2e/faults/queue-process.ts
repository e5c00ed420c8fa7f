import { randomBytes } from 'node:crypto';
import { freePort } from '../../scripts/free-port.ts';
import { makeHmacKey } from '../../scripts/keys/key-set.ts';
import { oneHmacKey, publicOrigin } from './checkout-processes.ts';
import { type NodeProcess, nodeProcess } from './node-process.ts';

/** What it needs to know of the checkouts. */
type Beside = {
  redisUrl: string;
  all: readonly { url: string }[];
  secrets: { internal: string; notice: string };
};

/** The queue service over the stores of these checkouts. Whoever starts it stops it. */
export async function startQueueService(
  checkouts: Beside,
  wish: { databaseUrl: string; logLevel: string; passKeys?: object },
): Promise<NodeProcess & { adminKey: string }> {
  const adminKey = `fgk_${randomBytes(32).toString('base64url')}`;
  const service = nodeProcess({
    script: 'queue-service/src/main.ts',
    port: await freePort(),
    readyPath: '/readyz',
    settings: {
      FAIRGATE_LOG_LEVEL: wish.logLevel,
      FAIRGATE_DATABASE_URL: wish.databaseUrl,
      FAIRGATE_ROOM_REDIS_URL: checkouts.redisUrl,
      FAIRGATE_JOBS_REDIS_URL: checkouts.redisUrl,
      FAIRGATE_SMTP_URL: 'smtp://127.0.0.1:1',
      FAIRGATE_MAIL_FROM: 'Fairgate <tickets@fairgate.example>',
      FAIRGATE_PUBLIC_ORIGINS: publicOrigin,
      FAIRGATE_CHECKOUT_URLS: checkouts.all.map(({ url }) => url).join(','),
      FAIRGATE_INTERNAL_KEY: checkouts.secrets.internal,
      FAIRGATE_NOTICE_KEYS: oneHmacKey(checkouts.secrets.notice),
      FAIRGATE_BOOTSTRAP_ADMIN_KEY: adminKey,
      FAIRGATE_WEBHOOK_KEYS: 'w'.repeat(43),
      FAIRGATE_PASS_KEYS: JSON.stringify(wish.passKeys ?? { keys: [makeHmacKey(new Date())] }),
    },
  });
  await service.start();
  return { ...service, adminKey };
}
