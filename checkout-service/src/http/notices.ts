import { languageChoice, spokenLanguage } from '@fairgate/shared/http/speaking.ts';
import { noticePath, readNoticeLink } from '@fairgate/shared/notices/unsubscribing.ts';
import { pageHeaders } from '@fairgate/shared/pages/policy.ts';
import { speechIn } from '@fairgate/shared/words/speech.ts';
import { type Context, Hono } from 'hono';
import { type UnsubscribePage, unsubscribePage } from '../pages/unsubscribe-page.ts';
import type { AppEnv, HttpDeps } from './deps.ts';

const path = `${noticePath}:signed` as const;

/** Where the links in mails lead: a page with one button, which mail programs press to unsubscribe. */
export function noticeRoutes(deps: HttpDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const isSecure = deps.publicOrigins[0]?.startsWith('https:') ?? false;
  // What only looks at a mail follows its links, and must end nothing by it.
  app.get(path, async (c) => {
    const switched = languageChoice(c, isSecure);
    if (switched !== null) return switched;
    const claims = readNoticeLink(deps.noticeKeys, c.req.param('signed'));
    if (claims === null) return await send(c, { kind: 'unknown' }, 404);
    // The name is a kindness: the page does what it is for without Postgres too.
    const sale = await deps.sales.findSale(claims.sale).catch(() => null);
    const kind = claims.kind === 'stop' ? 'asked' : 'asked-again';
    return await send(c, { kind, saleName: sale?.name ?? null });
  });
  // RFC 8058 section 3.2: no cookie, no redirect, and from whatever origin. The link is all that counts,
  // so that nothing of the body is read.
  app.post(path, async (c) => {
    const claims = readNoticeLink(deps.noticeKeys, c.req.param('signed'));
    if (claims === null) return await send(c, { kind: 'unknown' }, 404);
    const { sale, recipient } = claims;
    if (claims.kind === 'again') {
      const isBack = await deps.noticeOptouts.takeBack(sale, recipient, claims.unsubscribedAt);
      return await send(c, { kind: isBack ? 'done-again' : 'done' });
    }
    await deps.noticeOptouts.add(sale, recipient);
    return await send(c, { kind: 'done' });
  });
  return app;
}

async function send(
  c: Context,
  shown: UnsubscribePage,
  status: 200 | 404 = 200,
): Promise<Response> {
  const { page, policy } = unsubscribePage(speechIn(spokenLanguage(c)), c.req.path, shown);
  const headers = {
    ...pageHeaders,
    'content-security-policy': policy,
    'cache-control': 'no-store',
  };
  return c.body(`${await page}`, status, headers);
}
