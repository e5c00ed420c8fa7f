import type { Clock } from '@fairgate/shared/clock.ts';
import { newId } from '@fairgate/shared/ids.ts';
import { Problem } from '@fairgate/shared/problem.ts';
import { urlMistake } from '../domain/webhook-url.ts';
import { by, type Caller } from './caller.ts';
import { differenceOf } from './changes.ts';
import { madeOnce } from './once.ts';
import type { Changes, PageOf, Rows, Store } from './ports.ts';
import { type Precondition, requireVersion } from './precondition.ts';
import type { WebhookFields, WebhookRecord } from './webhook-ports.ts';
import type { Sealer } from './webhook-secrets.ts';
import { newWebhookSecret } from './webhook-signature.ts';

/** Each has so many connections at a time; together they have a worker of the queue each. */
export const webhooksMax = 20;
/** Of a secret that was replaced. */
const secretsMax = 2;

export type NewWebhook = Pick<WebhookFields, 'url' | 'description' | 'eventTypes' | 'active'>;
export type WithSecret = WebhookRecord & { secret: string };

export type Webhooks = {
  /** The secret is in this answer alone: sent again by its Idempotency-Key it is a `conflict`. */
  create(caller: Caller, wish: NewWebhook): Promise<WithSecret>;
  get(id: string): Promise<WebhookRecord>;
  page(page: PageOf): Promise<WebhookRecord[]>;
  patch(
    caller: Caller,
    id: string,
    fields: Changes<NewWebhook>,
    expected: Precondition,
  ): Promise<WebhookRecord>;
  remove(caller: Caller, id: string, expected: Precondition): Promise<void>;
  /** A new secret; the one before it signs too, for `overlapSeconds`. Shown as by `create`. */
  rotate(
    caller: Caller,
    id: string,
    overlapSeconds: number,
    expected: Precondition,
  ): Promise<WithSecret>;
};

export type WebhookParts = {
  store: Store;
  clock: Clock;
  sealer: Sealer;
  /** Addresses that are not public are allowed: for tests, and on one's own machine. */
  allowPrivate: boolean;
};

/** Endpoints of shops. Throws Problems: `not-found`, `conflict`, `invalid-request`. */
export function webhooks(parts: WebhookParts): Webhooks {
  const { store, clock, allowPrivate } = parts;
  return {
    create: (caller, wish) => createWebhook(parts, caller, wish),
    get: (id) => existing(store, id),
    page: (page) => store.webhooks.page(page),
    patch: (caller, id, fields, expected) =>
      store.transaction(async (rows) => {
        const before = await existing(rows, id, 'update');
        requireVersion(expected, before.version);
        if (fields.url !== undefined) requireUrl(fields.url, allowPrivate);
        const difference = differenceOf(before, fields);
        if (difference === null) return before;
        // Whoever switches it on by hand has looked at why it was off.
        const reason = fields.active === true ? { offReason: null } : {};
        await rows.webhooks.update(id, { ...fields, ...reason }, clock.now());
        // Nor has another server failed at anything yet.
        if (fields.active === true || fields.url !== undefined) await rows.webhooks.works(id);
        const told = { before: toldOf(difference.before), after: toldOf(difference.after) };
        const detail = { webhookId: id, ...told.after };
        await rows.note({ ...by(caller), action: 'webhook.changed', detail, ...told });
        return await existing(rows, id);
      }),
    async remove(caller, id, expected) {
      await store.transaction(async (rows) => {
        const before = await existing(rows, id, 'update');
        requireVersion(expected, before.version);
        await rows.webhooks.remove(id);
        const told = ledgerView(before);
        const detail = { webhookId: id };
        await rows.note({ ...by(caller), action: 'webhook.deleted', detail, before: told });
      });
    },
    rotate: (caller, id, overlapSeconds, expected) =>
      rotateSecret(parts, caller, { id, overlapSeconds, expected }),
  };
}

async function createWebhook(parts: WebhookParts, caller: Caller, wish: NewWebhook) {
  const { clock, sealer, allowPrivate } = parts;
  requireUrl(wish.url, allowPrivate);
  const secret = newWebhookSecret();
  const made = await madeOnce(parts, caller, async (rows) => {
    const now = clock.now();
    const id = newId('hook', now);
    await rows.webhooks.lock();
    if ((await rows.webhooks.count()) >= webhooksMax) {
      throw new Problem('conflict', `There are ${webhooksMax} webhooks; delete one first.`);
    }
    const secrets = [{ sealed: sealer.seal(secret, id), createdAt: now, expiresAt: null }];
    await rows.webhooks.insert({ ...wish, id, now, secrets, offReason: null });
    const record = await existing(rows, id);
    const after = ledgerView(record);
    const detail = { webhookId: id, ...after };
    await rows.note({ ...by(caller), action: 'webhook.created', detail, after });
    return record;
  });
  refuseReplay(caller, made.id);
  return { ...made, secret };
}

type Rotation = { id: string; overlapSeconds: number; expected: Precondition };

async function rotateSecret(parts: WebhookParts, caller: Caller, rotation: Rotation) {
  const { clock, sealer } = parts;
  const { id, overlapSeconds, expected } = rotation;
  const secret = newWebhookSecret();
  const made = await madeOnce(parts, caller, async (rows) => {
    const now = clock.now();
    const before = await existing(rows, id, 'update');
    requireVersion(expected, before.version);
    const expiresAt = now + overlapSeconds * 1_000;
    const [last] = before.secrets;
    const replaced = last === undefined || overlapSeconds === 0 ? [] : [{ ...last, expiresAt }];
    const first = { sealed: sealer.seal(secret, id), createdAt: now, expiresAt: null };
    const secrets = [first, ...replaced].slice(0, secretsMax);
    await rows.webhooks.update(id, { secrets }, now);
    const detail = { webhookId: id, overlapSeconds };
    await rows.note({ ...by(caller), action: 'webhook.rotated', detail });
    return await existing(rows, id);
  });
  refuseReplay(caller, id);
  return { ...made, secret };
}

function refuseReplay({ once }: Caller, webhookId: string): void {
  if (once?.replayed !== true) return;
  const detail = `The secret of ${webhookId} was made by this Idempotency-Key, and shown once.`;
  throw new Problem('conflict', { detail, extra: { webhookId } });
}

export async function existing(
  rows: Pick<Rows, 'webhooks'>,
  id: string,
  lock?: 'update',
): Promise<WebhookRecord> {
  const webhook = await rows.webhooks.find(id, lock);
  if (webhook === null) throw new Problem('not-found', 'There is no such webhook.');
  return webhook;
}

function requireUrl(url: string, allowPrivate: boolean): void {
  const message = urlMistake(url, allowPrivate);
  if (message === null) return;
  const errors = [{ path: 'url', message }];
  throw new Problem('invalid-request', { detail: 'Some of the input is not valid.', errors });
}

function ledgerView({ url, description, eventTypes, active }: WebhookRecord) {
  return toldOf({ url, description, eventTypes, active });
}

/** The ledger keeps what it is told for ever: no secret that a shop has put into its address. */
function toldOf(fields: Record<string, unknown>): Record<string, unknown> {
  const { url, ...rest } = fields;
  return typeof url === 'string' ? { url: withoutQuery(url), ...rest } : rest;
}

export function withoutQuery(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
