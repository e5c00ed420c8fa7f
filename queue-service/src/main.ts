import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Clock, systemClock } from '@fairgate/shared/clock.ts';
import { connectDatabase } from '@fairgate/shared/db/client.ts';
import { migrateDatabase } from '@fairgate/shared/db/migrate.ts';
import { makeDrawing } from '@fairgate/shared/draw/drawing.ts';
import { randomnessFrom } from '@fairgate/shared/draw/randomness.ts';
import { nodeServer } from '@fairgate/shared/http/node-server.ts';
import { logAudits } from '@fairgate/shared/log/auditing.ts';
import { type PostgresLog, postgresLog } from '@fairgate/shared/log/postgres-log.ts';
import { nodeScripts } from '@fairgate/shared/room/node-scripts.ts';
import type { Room } from '@fairgate/shared/room/room.ts';
import { SettingsError } from '@fairgate/shared/settings.ts';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { publishedBans } from './adapters/bans.ts';
import { consoleFiles } from './adapters/console-files.ts';
import { redisGuard } from './adapters/guard.ts';
import { jobSide } from './adapters/job-side.ts';
import { makeLog } from './adapters/log.ts';
import { serviceMetrics } from './adapters/metrics.ts';
import { oidcLogin } from './adapters/oidc.ts';
import { cleanHtml } from './adapters/own-html.ts';
import { postgresCheckFacts } from './adapters/postgres/check-facts.ts';
import { eventStore } from './adapters/postgres/event-store.ts';
import { postgresStore } from './adapters/postgres/store.ts';
import { redisPreviews } from './adapters/previews.ts';
import { guardProcess, untilDone } from './adapters/process-guard.ts';
import { failFastRedis, patientRedis, roomConnection } from './adapters/redis.ts';
import { roomSide } from './adapters/room-side.ts';
import { webhookSide } from './adapters/webhook-side.ts';
import { appearances } from './app/appearances.ts';
import { arrivalsReader } from './app/arrivals.ts';
import { bans as makeBans } from './app/bans.ts';
import { checks } from './app/checks.ts';
import { eventTimers } from './app/events.ts';
import { keys as makeKeys } from './app/keys.ts';
import { logKeeper } from './app/log-keeper.ts';
import { orderCalls } from './app/order-calls.ts';
import { makePasses } from './app/passes.ts';
import type { Catalogue, Store } from './app/ports.ts';
import { makePreviews } from './app/previews.ts';
import { revoker } from './app/revocations.ts';
import { roomKeeper } from './app/room-keeper.ts';
import { saleStates } from './app/sale-states.ts';
import { sales } from './app/sales.ts';
import { sessions as makeSessions } from './app/sessions.ts';
import { signIn } from './app/sign-in.ts';
import { stockCalls } from './app/stock-calls.ts';
import { summaries } from './app/summaries.ts';
import { suspectBans } from './app/suspects.ts';
import { nextSecond, startTimer } from './app/timer.ts';
import { watching } from './app/watching.ts';
import { type Config, readConfig } from './config.ts';
import { addressReader } from './http/address.ts';
import { makeApi } from './http/app.ts';

const pause = async (ms: number) => void (await sleep(ms));

/** Where the build leaves the console. */
const consoleFolder = fileURLToPath(new URL('../dist/console', import.meta.url));

const serviceName = 'fairgate-queue-service';
/** After this long a stop is no longer waited for. */
const stopMs = 4_500;
/** Another one for each instance: who comes second in a second finds it written. */
const historyIntoMs = 50 + Math.floor(Math.random() * 350);
/** Requests under way have this long to be answered. */
const lastAnswersMs = 2_000;

function connect(config: Config, log: Logger) {
  const database = connectDatabase({
    url: config.databaseUrl,
    name: serviceName,
    connectionsMax: 10,
    statementTimeoutMs: 60_000,
  });
  const roomRedis = roomConnection(config.roomRedis, `${serviceName}:rooms`, log);
  const jobsRedis = failFastRedis(config.jobsRedisUrl, `${serviceName}:jobs`, log);
  const workRedis = patientRedis(config.jobsRedisUrl, `${serviceName}:work`, log);
  const disconnect = () => {
    for (const redis of [roomRedis, jobsRedis, workRedis]) redis.disconnect();
  };
  return { database, roomRedis, jobsRedis, workRedis, disconnect };
}

/** Everything of this process, wired: stores → use cases → timers, API. */
function wire(config: Config, log: Logger) {
  const clock = systemClock;
  const { database, roomRedis, jobsRedis, workRedis, disconnect } = connect(config, log);
  const logs = postgresLog(async (work) => await work(database.sql));
  const store = postgresStore(database, config.drawRandomnessUrl);
  const { room, catalogue, counts, blocked } = roomSide(roomRedis, nodeScripts());
  const facts = postgresCheckFacts(database);
  const events = eventStore(database.sql);
  const metrics = serviceMetrics(counts.blockedTotals);
  const keeper = roomKeeper({ store, room, blocked, catalogue, clock, log, watch: metrics.room });
  const states = saleStates({ store, keeper, clock });
  const access = wireAccess(config, { store, jobsRedis, clock, log });
  const banParts = { store, published: publishedBans(roomRedis), counts, clock, log };
  const bans = makeBans(banParts);
  const rooms = { room, roomRedis };
  const jobs = jobSide(config, { ...rooms, jobsRedis, workRedis, metrics, clock, log });
  const watched = watching({ store, room, keeper, blocked, clock, pause });
  const stopping = new AbortController();
  const hooks = webhookSide(config, { jobsRedis, workRedis, metrics, stopping, log });
  const api = makeApi({
    ...stockCalls({ store, keeper, clock }),
    sales: sales({ store, keeper, catalogue, clock, log }),
    states,
    ...watched,
    summaries: summaries({ store, room, blocked, clock, pause }),
    fairness: logs,
    arrivals: arrivalsReader({ logs, clock }),
    publicOrigin: config.publicOrigin,
    ...orderCalls({ store, checkouts: jobs.checkouts }),
    ...access,
    ...hooks.api,
    queues: [...jobs.queues, hooks.queue],
    console: consoleFiles(consoleFolder),
    bans,
    appearances: appearances({ store, keeper, clean: cleanHtml, clock }),
    checks: checks({ store, facts, clock, ...config }),
    preview: makePreviews({ store, facts, board: redisPreviews(roomRedis), clock, ...config }),
    passes: makePasses({ store, keys: config.passKeys, clock }),
    hasTurnstile: config.hasTurnstile,
    revoke: revoker({ store, room, keeper, clock }),
    clock,
    log,
    metrics,
    ready: readiness(store, catalogue),
    stopping: stopping.signal,
  });
  const begin = () => {
    const workers = [...jobs.begin(), hooks.begin()];
    const timers = [
      startTimer('advance', 500, keeper.advanceAll, log),
      startTimer('schedules', 500, states.keepSchedules, log),
      startTimer('log', 300, wireLogs({ logs, room, clock, log }), log),
      startTimer('rooms', 1_000, keeper.keepRooms, log),
      startTimer('bans', 1_000, bans.keep, log),
      startTimer('suspects', 1_000, suspectBans(banParts, config.banSeconds), log),
      startTimer('pictures', 5_000, keeper.renewPictures, log),
      ...jobs.timers(),
      startTimer('key uses', 5_000, access.keys.noteUses, log),
      startTimer('history', nextSecond(clock.now, historyIntoMs), watched.history.keep, log),
      startTimer('minutes', 15_000, watched.history.tidy, log),
      ...eventTimers({ store: events, blocked, clock, keptDays: config.eventsDays, pause, log }),
      ...hooks.timers(),
      startTimer('sessions', 60_000, access.sessions.tidy, log),
    ];
    return { workers, timers };
  };
  const end = async ({ workers, timers }: ReturnType<typeof begin>, answered: Promise<void>) => {
    const working = [...workers.map((worker) => worker.close()), answered];
    await Promise.all([...working, ...timers.map((timer) => timer.stop())]);
    await Promise.all([jobs.close(), hooks.close(), database.close()]);
    disconnect();
  };
  return { api, keys: access.keys, begin, end, stopping };
}

function readiness(store: Store, catalogue: Catalogue) {
  return async () => {
    await store.ping();
    return { redis: catalogue.reachable() };
  };
}

type LogParts = { logs: PostgresLog; room: Room; clock: Clock; log: Logger };

/** Public logs, and the draws that they lead to. */
function wireLogs({ logs, room, clock: { now }, log }: LogParts) {
  const randomness = randomnessFrom(fetch, now);
  const drawing = makeDrawing({ store: logs, room, randomness, now });
  return logKeeper({ logs, room, drawing, audit: logAudits(logs), log });
}

type AccessParts = { store: Store; jobsRedis: Redis; clock: Clock; log: Logger };

/** Who may use the API: keys, sessions, the operator's own login. */
function wireAccess(config: Config, { store, jobsRedis, clock, log }: AccessParts) {
  const keys = makeKeys({ store, clock });
  const sessions = makeSessions({ store, clock });
  const login = config.oidc === null ? null : oidcLogin(config.oidc, log);
  const guard = redisGuard(jobsRedis, { loopback: config.limitLoopback });
  return {
    keys,
    sessions,
    login,
    signIn: signIn({ store, keys, sessions, login, guard, clock, log, pause }),
    addressOf: addressReader(config.trustedProxies),
    consoleOrigin: config.consoleOrigin,
    audit: store.audit,
    note: store.note,
  };
}

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = makeLog(serviceName, config.logLevel);
  guardProcess(log);
  const service = wire(config, log);
  await untilDone('the migrations', log, () => migrateDatabase(config.databaseUrl));
  const { bootstrapAdminKey } = config;
  if (bootstrapAdminKey !== undefined) {
    await untilDone('the first key', log, () => service.keys.bootstrap(bootstrapAdminKey));
  }
  const running = service.begin();
  const { host: hostname, port } = config;
  const server = nodeServer(service.api);
  server.listen(port, hostname, () => log.info({ hostname, port }, 'listening'));
  server.on('error', (error: unknown) => {
    log.fatal({ err: error, port }, 'cannot listen; FAIRGATE_PORT sets the port');
    process.exit(1);
  });
  const stop = async (signal: string) => {
    log.info({ signal }, 'stopping');
    setTimeout(() => process.exit(1), stopMs).unref();
    service.stopping.abort();
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    setTimeout(() => server.closeAllConnections(), lastAnswersMs).unref();
    await service.end(running, closed);
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => void stop(signal));
  }
}

try {
  await main();
} catch (error) {
  // A mistake in the settings is for a person to read; there is no logger without settings.
  process.stderr.write(`${error instanceof SettingsError ? error.message : String(error)}\n`);
  process.exit(1);
}
