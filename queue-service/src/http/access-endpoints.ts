import type { Endpoint } from './endpoint.ts';
import * as input from './schemas.ts';
import * as view from './views.ts';

/** Who may come in: shoppers at the edge, admins here; and what they did. */

const ban = { idPrefix: 'ban', path: '/v1/bans/{id}' } as const;

export const banEndpoints = {
  create: {
    method: 'POST',
    path: '/v1/bans',
    role: 'operator',
    summary: 'Bar an address, network, visitor, country or ASN; works at the edge within 2 s',
    body: input.newBanSchema,
    once: true,
    refusals: { conflict: 'there are as many bans as a list may hold' },
    status: 201,
    answer: view.banView,
  },
  list: {
    method: 'GET',
    path: '/v1/bans',
    role: 'operator',
    summary: 'Bans that hold, newest first',
    query: input.listSchema,
    status: 200,
    answer: view.listOf(view.banView),
  },
  get: {
    ...ban,
    method: 'GET',
    role: 'operator',
    summary: 'A ban that holds',
    status: 200,
    answer: view.banView,
  },
  remove: {
    ...ban,
    method: 'DELETE',
    role: 'operator',
    summary: 'Lift a ban within 2 s, and forget what an address was suspected of',
    ifMatch: true,
    status: 204,
  },
} as const satisfies Record<string, Endpoint<unknown, unknown>>;

export const keyEndpoints = {
  create: {
    method: 'POST',
    path: '/v1/api-keys',
    role: 'admin',
    summary: 'Make an API key; it is shown in this answer alone',
    body: input.newKeySchema,
    once: true,
    refusals: { conflict: 'made before by this Idempotency-Key; it is not shown again' },
    status: 201,
    answer: view.newKeyView,
  },
  list: {
    method: 'GET',
    path: '/v1/api-keys',
    role: 'admin',
    summary: 'API keys, without the keys themselves',
    query: input.listSchema,
    status: 200,
    answer: view.listOf(view.keyView),
  },
  remove: {
    method: 'DELETE',
    path: '/v1/api-keys/{id}',
    idPrefix: 'key',
    role: 'admin',
    summary: 'Revoke an API key; not the last admin key',
    refusals: { conflict: 'it is the last admin key that does not expire' },
    status: 204,
  },
} as const satisfies Record<string, Endpoint<unknown, unknown>>;

export const auditEndpoints = {
  list: {
    method: 'GET',
    path: '/v1/audit',
    role: 'viewer',
    summary: 'Who did what, when and from where, newest first: the ledger, which only grows',
    query: input.auditListSchema,
    status: 200,
    answer: view.listOf(view.auditView),
  },
} as const satisfies Record<string, Endpoint<unknown, unknown>>;
