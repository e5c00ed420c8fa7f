import { systemClock } from '@fairgate/shared/clock.ts';
import { problemResponse } from '@fairgate/shared/problem.ts';
import { purchaseSigner } from '@fairgate/shared/token/jwks.ts';
import type { PurchaseSigner } from '@fairgate/shared/token/purchase.ts';
import catalogueScript from '../dist/pages/catalogue.js.txt';
import challengeScript from '../dist/pages/challenge.js.txt';
import powScript from '../dist/pages/pow.js.txt';
import refusalsScript from '../dist/pages/refusals.js.txt';
import saleScript from '../dist/pages/sale.js.txt';
import tellsScript from '../dist/pages/tells.js.txt';
import timerScript from '../dist/pages/timer.js.txt';
import { heldAppearances } from './app/appearances.ts';
import { placeAsks } from './app/asks.ts';
import { saleChallenges } from './app/challenges.ts';
import type { DoorGateways } from './app/door-ports.ts';
import { gatheredHeartbeats } from './app/heartbeats.ts';
import { heldBans } from './app/held-bans.ts';
import { joinLimit, type Limiter } from './app/join-limit.ts';
import { heldKeySets } from './app/key-sets.ts';
import { waitingLine } from './app/line.ts';
import { type Logins, trustedLogins } from './app/logins.ts';
import type { NearLists } from './app/near-lists.ts';
import { gatheredNotes } from './app/notes.ts';
import { type Dataset, pointsTo } from './app/points.ts';
import { pollLimit } from './app/poll-limit.ts';
import { previews } from './app/previews.ts';
import { publicSales } from './app/sales.ts';
import { heldSnapshots } from './app/snapshots.ts';
import { placeStandings } from './app/standings.ts';
import { type TicketReader, ticketReader } from './app/tickets.ts';
import { turnstileVerifier } from './app/turnstile.ts';
import { type EdgeConfig, readEdgeConfig } from './config.ts';
import { gatewayClient } from './gateway/client.ts';
import { Gateway } from './gateway/gateway.ts';
import { edgeApp } from './http/app.ts';
import { cachedLists } from './http/cached-lists.ts';
import type { Edge } from './http/context.ts';
import { placeCookieName, ticketCredentials } from './http/credentials.ts';
import { type Door, suspicionAt } from './http/door.ts';
import { jwksFetcher } from './http/fetch-jwks.ts';
import { forwarder } from './http/forward.ts';
import { type QuickPoll, quickPoll } from './http/quick-poll.ts';
import { logFault } from './log.ts';
import { makeAssets } from './pages/assets.ts';
import serviceWorker from './pages/client/notify.browser.js';

export { Gateway };

type Bindings = {
  GATEWAY: DurableObjectNamespace<Gateway>;
  /** Not under plain workerd. */
  JOIN_LIMITER?: Limiter;
  /** Only where the account has Workers Analytics Engine (docs/analytics.md). */
  EVENTS?: Dataset;
} & Record<string, unknown>;

function wire(config: EdgeConfig, bindings: Bindings): Edge & { tickets: TicketReader } {
  const clock = systemClock;
  const { now } = clock;
  const random = Math.random;
  const gateways = gatewayClient(bindings.GATEWAY, config.gatewayShards, random);
  const snapshots = heldSnapshots(gateways, clock);
  const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
  const heartbeats = gatheredHeartbeats(gateways, clock, sleep);
  const standings = placeStandings({ gateways, snapshots, clock, random });
  const keys = config.ticketKeys;
  const tickets = ticketReader(keys);
  const door = doorOf(config, gateways, bindings.JOIN_LIMITER, sleep);
  const suspicion = suspicionAt(door);
  let signer: PurchaseSigner | undefined;
  return {
    line: waitingLine({ gateways, snapshots, heartbeats, standings, clock }),
    sales: publicSales({ gateways, snapshots, near: listsOf(config, sleep), clock, random }),
    previews: previews(gateways),
    appearances: heldAppearances({ gateways, snapshots, clock, log: logFault }),
    challenges: saleChallenges({
      gateways,
      altchaKey: config.altchaKey,
      turnstile: turnstileOf(config),
      clock,
    }),
    credentials: ticketCredentials({
      keys,
      tickets,
      secureCookies: config.secureCookies,
      now,
      onForged: (c) => suspicion.note(c, 'ticket-forged'),
    }),
    passKeys: config.passKeys,
    logins: loginsOf(sleep),
    tickets,
    door,
    suspicion,
    forward: forwarder({
      origins: config.checkoutOrigins,
      balancer: config.checkoutBalancer,
      fetch: (url, init) => fetch(url, init),
      now,
      log: logFault,
    }),
    points: pointsTo(bindings.EVENTS, random),
    asks: placeAsks(gateways),
    pushRule: config.pushRule,
    vapidPublicKey: config.vapidPublicKey,
    serviceWorker,
    assets: makeAssets({
      'sale.js': saleScript,
      'catalogue.js': catalogueScript,
      'tells.js': tellsScript,
      'refusals.js': refusalsScript,
      'challenge.js': challengeScript,
      'pow.js': powScript,
      'timer.js': timerScript,
    }),
    publicKeys: config.purchaseKeys.publicSet,
    signer: async () => {
      signer ??= await purchaseSigner(config.purchaseKeys.privateJson);
      return signer;
    },
    publicOrigin: config.publicOrigin,
    secureCookies: config.secureCookies,
    ownOrigins: config.ownOrigins,
    now,
    log: logFault,
  };
}

/** The cache is opened by the request that asks it. */
function listsOf({ publicOrigin }: EdgeConfig, sleep: (ms: number) => Promise<void>): NearLists {
  return cachedLists(() => caches.open('fairgate-lists'), publicOrigin, sleep);
}

function turnstileOf({ turnstile, ownOrigins }: EdgeConfig) {
  if (turnstile === null) return null;
  const hostnames = ownOrigins.map((origin) => new URL(origin).hostname);
  const ask = (url: string, init: RequestInit) => fetch(url, init);
  const verify = turnstileVerifier({ settings: turnstile, hostnames, fetch: ask });
  return { siteKey: turnstile.siteKey, verify };
}

function loginsOf(sleep: (ms: number) => Promise<void>): Logins {
  const fetchSet = jwksFetcher((url, init) => fetch(url, init));
  const sets = heldKeySets({ fetchSet, clock: systemClock, sleep, log: logFault });
  return trustedLogins(sets, systemClock);
}

function doorOf(
  config: EdgeConfig,
  gateways: DoorGateways,
  limiter: Limiter | undefined,
  sleep: (ms: number) => Promise<void>,
): Door {
  const { joinsPerMinute, exempt, addressKey } = config;
  const notes = gatheredNotes(gateways, systemClock, sleep);
  return {
    bans: heldBans(gateways, systemClock),
    joins: joinLimit({ gateways, notes, limiter, joinsPerMinute }),
    polls: pollLimit(systemClock),
    notes,
    exempt,
    addressKey,
  };
}

function serve(config: EdgeConfig, bindings: Bindings): NonNullable<typeof served> {
  const edge = wire(config, bindings);
  const { line, tickets, door, points, now } = edge;
  const placeCookie = placeCookieName(config.secureCookies);
  return { app: edgeApp(edge), poll: quickPoll({ line, tickets, door, placeCookie, points, now }) };
}

/** One for the life of the isolate. */
let served: { app: ReturnType<typeof edgeApp>; poll: QuickPoll } | undefined;

export default {
  async fetch(request, env, ctx): Promise<Response> {
    try {
      served ??= serve(readEdgeConfig(env), env);
    } catch (error) {
      logFault('settings', error);
      return problemResponse('unavailable', { detail: 'The edge is not set up.' });
    }
    const polled = await served.poll(request, (task) => ctx.waitUntil(task));
    return polled ?? (await served.app.fetch(request, env, ctx));
  },
} satisfies ExportedHandler<Bindings>;
