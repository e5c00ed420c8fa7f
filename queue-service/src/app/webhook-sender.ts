import type { Clock } from '@fairgate/shared/clock.ts';
import type { WebhookTry } from '@fairgate/shared/db/schema-webhooks.ts';
import { z } from 'zod';
import { failingMsMax, nextTry, retryAfterOf } from '../domain/webhook-retries.ts';
import type { Log, Store } from './ports.ts';
import type { WebhookJob } from './webhook-feed.ts';
import type {
  AttemptEnd,
  OffReason,
  Post,
  Posted,
  TakenDelivery,
  TriedWebhook,
  WebhookRecord,
} from './webhook-ports.ts';
import type { Sealer } from './webhook-secrets.ts';
import { webhookSignature } from './webhook-signature.ts';

/** job of an endpoint → take a delivery → sign → POST → write down how it went → the next one. */
export const webhookJobSchema = z.object({
  kind: z.literal('webhooks'),
  webhookId: z.string().min(1).max(100),
});

/** Requests to one endpoint at a time. */
const lanes = 8;
/** A job ends after so long, and is put again at the end of the queue. */
const jobMsMax = 20_000;
/** Longer than an attempt and the notes of it take: whoever had it is gone by then. */
const heldMs = 30_000;
const userAgent = 'Fairgate-Webhooks/1';

export type WebhookOutcome = 'delivered' | 'retried' | 'failed' | 'overtaken';

type Parts = {
  store: Store;
  post: Post;
  sealer: Sealer;
  clock: Clock;
  random(): number;
  onAttempt(outcome: WebhookOutcome): void;
  log: Log;
  /** Nothing more is begun. */
  stopping: AbortSignal;
};

/** Sends what is due for an endpoint. Rejects where Postgres is away; the timer hands it on again. */
export function webhookSender(parts: Parts): (job: WebhookJob) => Promise<'sent'> {
  const { store, clock, stopping, onAttempt } = parts;
  return async ({ webhookId }) => {
    const untilMs = performance.now() + jobMsMax;
    const lane = async () => {
      while (performance.now() < untilMs && !stopping.aborted) {
        const now = clock.now();
        const taken = await store.webhooks.take(webhookId, now, now + heldMs);
        if (taken === null) return;
        onAttempt(await attempt(parts, taken));
      }
    };
    const ended = await Promise.allSettled(Array.from({ length: lanes }, lane));
    const failed = ended.find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return 'sent';
  };
}

async function attempt(parts: Parts, taken: TakenDelivery): Promise<WebhookOutcome> {
  const { clock } = parts;
  const beganMs = performance.now();
  const at = clock.now();
  const posted = await send(parts, taken, at);
  const ms = Math.round(performance.now() - beganMs);
  const end = endOf(posted, taken, { at, ms, now: clock.now(), random: parts.random() });
  const isOurs = await note(parts, taken, { posted, end, at });
  if (!isOurs) return 'overtaken';
  return end.state === 'pending' ? 'retried' : end.state;
}

type Ended = { posted: Posted; end: AttemptEnd; at: number };

/** False where somebody else has the delivery by now. */
async function note(parts: Parts, taken: TakenDelivery, { posted, end, at }: Ended) {
  const { store } = parts;
  const { id, isFailing } = taken.webhook;
  const isTheirs = posted.kind === 'answered' || posted.fault === 'theirs';
  if (end.state === 'delivered') {
    if (isFailing) await store.webhooks.works(id);
    return await store.webhooks.end(taken, end);
  }
  if (isTheirs && !isFailing) await store.webhooks.failed(taken.webhook, at);
  if (end.state === 'pending' || !isTheirs) return await store.webhooks.end(taken, end);
  const reason = isGone(posted) ? 'gone' : 'failing';
  return await store.transaction(async (rows) => {
    // In the order of whoever sends it again by hand: first the endpoint, then the delivery.
    await rows.webhooks.find(id, 'update');
    if (!(await rows.webhooks.end(taken, end))) return false;
    await switchOff(parts, rows, { tried: taken.webhook, reason });
    return true;
  });
}

/** The receiver wants no more (Standard Webhooks, "Delivery"). */
const isGone = (posted: Posted) => posted.kind === 'answered' && posted.status === 410;

async function send({ post, sealer }: Parts, taken: TakenDelivery, now: number): Promise<Posted> {
  const { eventId: id, body, webhook } = taken;
  const secrets = liveSecrets(webhook, now).map(({ sealed }) => sealer.open(sealed, webhook.id));
  const opened = secrets.filter((secret) => secret !== null);
  if (opened.length === 0) {
    const why = 'its secret cannot be read with the keys that are set: rotate it';
    return { kind: 'failed', why, fault: 'ours' };
  }
  const timestamp = Math.floor(now / 1_000);
  const headers = {
    'content-type': 'application/json',
    'user-agent': userAgent,
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': webhookSignature(opened, { id, timestamp, body }),
  };
  return await post({ url: webhook.url, headers, body });
}

/** Those that sign now. */
export function liveSecrets({ secrets }: Pick<WebhookRecord, 'secrets'>, now: number) {
  return secrets.filter(({ expiresAt }) => expiresAt === null || expiresAt > now);
}

type Times = { at: number; ms: number; now: number; random: number };

function endOf(posted: Posted, taken: TakenDelivery, times: Times): AttemptEnd {
  const { at, ms, now, random } = times;
  const isSuccess = posted.kind === 'answered' && posted.status >= 200 && posted.status < 300;
  const tried: WebhookTry =
    posted.kind === 'answered'
      ? { at, ms, status: posted.status, error: null }
      : { at, ms, status: null, error: posted.why };
  const response = posted.kind === 'answered' ? posted.excerpt : null;
  if (isSuccess) return { state: 'delivered', nextAt: null, attempt: tried, response };
  const retryAfterSeconds =
    posted.kind === 'answered' ? retryAfterOf(posted.retryAfter, now) : null;
  const nextAt = isGone(posted)
    ? null
    : nextTry(taken.attempts + 1, { now, random, retryAfterSeconds });
  return { state: nextAt === null ? 'failed' : 'pending', nextAt, attempt: tried, response };
}

const offWords: Readonly<Record<OffReason, string>> = {
  gone: 'it answered 410',
  failing: 'nothing was taken for three days, and a delivery has failed for good',
};

/** At most once, and not where an admin has changed it meanwhile, or switched it on again. */
async function switchOff(
  { clock, log }: Parts,
  rows: Pick<Store, 'webhooks' | 'note'>,
  { tried, reason }: { tried: TriedWebhook; reason: OffReason },
): Promise<void> {
  const now = clock.now();
  const since = reason === 'gone' ? {} : { failingBefore: now - failingMsMax };
  if (!(await rows.webhooks.switchOff(tried, reason, { now, ...since }))) return;
  const detail = { webhookId: tried.id, reason: offWords[reason] };
  const changed = { before: { active: true }, after: { active: false } };
  await rows.note({ actor: 'system:webhooks', action: `webhook.${reason}`, detail, ...changed });
  log.warn(detail, 'a webhook was switched off');
}
