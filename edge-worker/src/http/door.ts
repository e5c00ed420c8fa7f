import { createHmac } from 'node:crypto';
import type { Signal } from '@fairgate/shared/bans/suspects.ts';
import { isId } from '@fairgate/shared/ids.ts';
import { Problem, type ProblemSlug } from '@fairgate/shared/problem.ts';
import type { TicketClaims } from '@fairgate/shared/token/ticket.ts';
import type { Context, MiddlewareHandler } from 'hono';
import type { HeldBans } from '../app/held-bans.ts';
import type { JoinLimit } from '../app/join-limit.ts';
import type { Notes } from '../app/notes.ts';
import type { PollLimit } from '../app/poll-limit.ts';
import type { Keep } from '../app/ports.ts';
import { clientAddress, clientOrigin, countedNetwork, type Exempt } from './client.ts';
import type { Edge, EdgeContext, EdgeEnv } from './context.ts';

/** Who may come in, and how often. */
export type Door = {
  bans: HeldBans;
  joins: JoinLimit;
  polls: PollLimit;
  notes: Notes;
  exempt: Exempt;
  /** Of the digests of addresses. */
  addressKey: Buffer;
};

/** Notes something suspicious of whoever sent a request, unless their address is exempt. */
export type Suspicion = { note(c: EdgeContext, signal: Signal): void };

export function suspicionAt(door: Pick<Door, 'notes' | 'exempt'>): Suspicion {
  return {
    note(c, signal) {
      const network = countedNetwork(c, door.exempt);
      if (network !== null) door.notes.suspicious(network, signal, keeping(c));
    },
  };
}

/** Turns banned ones away, before anything else is looked at. Throws `banned`. */
export function barBanned(edge: Edge): MiddlewareHandler<EdgeEnv> {
  return async (c, next) => {
    const search = edge.door.bans.matcher(keeping(c));
    const matcher = search instanceof Promise ? await search : search;
    if (!matcher.isEmpty) {
      const visitors = matcher.hasVisitors ? edge.credentials.visitors(c, saleIdIn(c)) : [];
      const asking = { address: clientAddress(c), ...clientOrigin(c), visitors };
      if (matcher.find(asking, edge.now()) !== null) throw banned();
    }
    await next();
  };
}

/** Whose place it is may be known only once they joined, as by a login. Throws `banned`. */
export async function requireUnbanned(edge: Edge, c: EdgeContext, visitor: string): Promise<void> {
  const matcher = await edge.door.bans.matcher(keeping(c));
  const asking = { address: null, country: null, asn: null, visitors: [visitor] };
  if (matcher.hasVisitors && matcher.find(asking, edge.now()) !== null) throw banned();
}

/** Counts an attempt to join. Throws `rate-limited`. */
export async function requireJoinable(edge: Edge, c: EdgeContext): Promise<void> {
  const network = countedNetwork(c, edge.door.exempt);
  if (network === null) return;
  const seconds = await edge.door.joins.refusedFor(network, keeping(c));
  if (seconds === null) return;
  const detail = 'Too many attempts to join came from your network; try again shortly.';
  throw new Problem('rate-limited', { detail, retryAfterSeconds: seconds });
}

/** Counts a poll. Throws `rate-limited`. */
export function requirePollable(edge: Edge, { sale, sub }: TicketClaims): void {
  if (!edge.door.polls.isOver(sale, sub)) return;
  const detail = 'This place is polled more than 100 times a second; it comes no sooner for that.';
  throw new Problem('rate-limited', { detail, retryAfterSeconds: 1 });
}

/** The address as the room counts places by it: 96 bits of a keyed digest; undefined where exempt. */
export function addressDigest(
  { exempt, addressKey }: Pick<Door, 'exempt' | 'addressKey'>,
  c: Context,
): string | undefined {
  const network = countedNetwork(c, exempt);
  if (network === null) return undefined;
  const digest = createHmac('sha256', addressKey).update(`address:${network}`);
  return digest.digest('base64url').slice(0, 16);
}

/** Refusals that stop somebody who may mean harm; the others are part of an honest way. */
const blockings: ReadonlySet<ProblemSlug> = new Set([
  'banned',
  'rate-limited',
  'challenge-failed',
  'token-invalid',
  'token-revoked',
]);

/** Tells of a refusal, and counts it for the summary of its sale where it blocks somebody. */
export function noteRefusal(edge: Edge, c: EdgeContext, error: unknown): void {
  if (!(error instanceof Problem)) return;
  const saleId = saleIdIn(c);
  edge.points.refused(isId('sale', saleId) ? saleId : '', error.slug);
  if (!blockings.has(error.slug)) return;
  const reason = String(error.details.extra?.reason ?? error.slug);
  if (isId('sale', saleId)) edge.door.notes.blocked(saleId, reason, keeping(c));
}

/** The sale in the path, of a route that is not found yet; or ''. */
function saleIdIn(c: EdgeContext): string {
  return /^\/(?:api\/)?sales\/([^/]+)/.exec(c.req.path)?.[1] ?? '';
}

function keeping(c: EdgeContext): Keep {
  return (task) => c.executionCtx.waitUntil(task);
}

function banned(): Problem {
  const detail = 'Access from here is barred. Write to the shop if you think that this is wrong.';
  return new Problem('banned', detail);
}
