import type { RequestVariables } from '@fairgate/shared/http/request-id.ts';
import { isId } from '@fairgate/shared/ids.ts';
import type { PushRule } from '@fairgate/shared/notices/push-endpoint.ts';
import type { PublicJwks } from '@fairgate/shared/token/jwks.ts';
import type { PassKeys } from '@fairgate/shared/token/pass.ts';
import type { PurchaseSigner } from '@fairgate/shared/token/purchase.ts';
import type { Context } from 'hono';
import type { Appearances } from '../app/appearances.ts';
import type { Asks } from '../app/asks.ts';
import type { Challenges } from '../app/challenges.ts';
import type { Line } from '../app/line.ts';
import type { Logins } from '../app/logins.ts';
import type { Points } from '../app/points.ts';
import type { Keep } from '../app/ports.ts';
import type { Previews } from '../app/previews.ts';
import type { Sales } from '../app/sales.ts';
import type { Assets } from '../pages/assets.ts';
import type { Credentials } from './credentials.ts';
import type { Door, Suspicion } from './door.ts';
import type { Forward } from './forward.ts';
import { unknownSale } from './refusals.ts';

export type EdgeEnv = { Variables: RequestVariables };
export type EdgeContext = Context<EdgeEnv>;

/** What the routes are made of; index.ts puts it together. */
export type Edge = {
  line: Line;
  sales: Sales;
  previews: Previews;
  /** The shop's own look of each sale. */
  appearances: Appearances;
  challenges: Challenges;
  credentials: Credentials;
  /** Whose passes and logins count. */
  passKeys: PassKeys;
  logins: Logins;
  door: Door;
  suspicion: Suspicion;
  forward: Forward;
  points: Points;
  asks: Asks;
  pushRule: PushRule;
  /** With which browsers subscribe to push messages; null where the shop sends none. */
  vapidPublicKey: string | null;
  /** The script that shows push messages. */
  serviceWorker: string;
  assets: Assets;
  publicKeys: PublicJwks;
  /** Imported once; only the result is shared by requests. */
  signer: () => Promise<PurchaseSigner>;
  publicOrigin: string;
  secureCookies: boolean;
  ownOrigins: readonly string[];
  now: () => number;
  log: (where: string, error: unknown, more?: Record<string, string>) => void;
};

/** The sale's id in the path; what cannot be one is not looked for. */
export function saleIdOf(c: Context): string {
  const saleId = c.req.param('saleId') ?? '';
  if (!isId('sale', saleId)) throw unknownSale();
  return saleId;
}

export function keeper(c: Context): Keep {
  return (task) => c.executionCtx.waitUntil(task);
}
