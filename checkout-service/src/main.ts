import { migrateDatabase } from '@fairgate/shared/db/migrate.ts';
import { isPostgresWriteFault } from '@fairgate/shared/db/write-fault.ts';
import { redisPlace } from '@fairgate/shared/redis/place.ts';
import { serveHttp } from './adapters/http-server.ts';
import { makeLog } from './adapters/log.ts';
import { providersOf } from './adapters/providers.ts';
import { checkoutSettings } from './config.ts';
import { makeService } from './index.ts';

const settings = checkoutSettings();
const instance = settings.FAIRGATE_INSTANCE;
const log = makeLog(settings.FAIRGATE_LOG_LEVEL, { service: 'checkout', instance });

/** How long requests under way may still take after a SIGTERM. */
const graceMs = 3_000;
/** Whatever hangs, the process is gone within the 5 s that a supervisor grants. */
const exitMs = 4_500;

await migrateDatabase(settings.FAIRGATE_DATABASE_URL);
const service = makeService({
  instance,
  databaseUrl: settings.FAIRGATE_DATABASE_URL,
  roomRedis: redisPlace(settings.FAIRGATE_ROOM_REDIS_URL, settings.FAIRGATE_ROOM_REDIS_CLUSTER),
  publicOrigins: settings.FAIRGATE_PUBLIC_ORIGINS.map((url) => new URL(url).origin),
  purchaseJwks: settings.FAIRGATE_PURCHASE_JWKS,
  jwksUrl: settings.FAIRGATE_JWKS_URL,
  orderKeySecret: settings.FAIRGATE_ORDER_KEY_SECRET,
  noticeKeys: settings.FAIRGATE_NOTICE_KEYS,
  jobsRedisUrl: settings.FAIRGATE_JOBS_REDIS_URL,
  internalKey: settings.FAIRGATE_INTERNAL_KEY,
  providers: providersOf(settings),
  stripePublishableKey: settings.FAIRGATE_STRIPE_PUBLISHABLE_KEY,
  log,
});

// postgres.js can throw where nothing catches it, on a socket that died (FACTS.md). Only that one
// is survived: its connections are made anew. Everything else ends the process, and its
// supervisor starts a fresh one.
process.on('uncaughtException', (error) => {
  if (isPostgresWriteFault(error)) {
    log.error({ err: error }, 'postgres.js lost a connection; the process goes on');
    service.renewConnections('a write to a dead socket');
    return;
  }
  log.fatal({ err: error }, 'an uncaught error');
  process.exit(1);
});

const server = await serveHttp(service, {
  host: settings.FAIRGATE_HOST,
  port: settings.FAIRGATE_PORT,
});
service.startLoops();
log.info({ port: server.port }, 'the checkout answers');

async function stop(signal: string): Promise<void> {
  log.info({ signal }, 'stopping');
  setTimeout(() => process.exit(1), exitMs).unref();
  service.stopping();
  await server.stop(graceMs);
  await service.close();
  process.exit(0);
}
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop(signal));
