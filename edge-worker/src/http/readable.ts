import { spokenLanguage } from '@fairgate/shared/http/speaking.ts';
import { speechIn } from '@fairgate/shared/words/speech.ts';
import { z } from 'zod';
import { errorPage, type MoreToTell } from '../pages/error-page.ts';
import type { EdgeContext } from './context.ts';

const problemSchema = z.object({
  type: z.string(),
  reason: z.string().optional(),
  errors: z.array(z.object({ path: z.string() })).optional(),
});
const apiPaths = /^\/(api|v1|webhooks|\.well-known|healthz|openapi\.json)(\/|$)/;

/** A browser that asked for a page is told in a page; everybody else gets the document. */
export async function readable(c: EdgeContext, problem: Response): Promise<Response> {
  const { path, method } = c.req;
  const isPage = (c.req.header('accept') ?? '').includes('text/html') && !apiPaths.test(path);
  const document = isPage ? await documentOf(problem) : null;
  if (document === null) return problem;
  const { type, reason, errors } = document;
  const slug = type.split(':').at(-1) ?? '';
  const isPassing = problem.status === 503 || problem.status === 429;
  const address = wayOn(path, c.req.query('sale') ?? '');
  const page = errorPage(speechIn(spokenLanguage(c)), {
    slug,
    reason,
    path: errors?.[0]?.path,
    requestId: c.get('requestId'),
    address,
    refreshSeconds:
      isPassing && method === 'GET' ? Number(problem.headers.get('retry-after')) || 5 : null,
    isOfCheckout: path.startsWith('/checkout'),
    more: moreToTell(c, slug),
  });
  const headers = new Headers(problem.headers);
  for (const [name, value] of Object.entries(page.headers)) headers.set(name, value);
  return new Response(`${await page.html}`, { status: problem.status, headers });
}

/** Null where it cannot be read: the answer of a balancer to HEAD has no body, and one may break off. */
async function documentOf(problem: Response) {
  try {
    return problemSchema.parse(await problem.clone().json());
  } catch {
    return null;
  }
}

function moreToTell(c: EdgeContext, slug: string): MoreToTell | undefined {
  const { path, method } = c.req;
  // The form of a redemption has its key among its fields: once more is the same one.
  const isKeyed = method === 'POST' && path === '/checkout/redeem';
  if (isKeyed && (slug === 'unavailable' || slug === 'rate-limited')) return 'trouble.resend';
  const isUntold = c.req.header('origin') === 'null' && !c.req.header('sec-fetch-site');
  return isUntold && slug === 'forbidden' ? 'trouble.oldBrowser' : undefined;
}

/** The same for an answer that came from behind: a balancer's refusals are documents for everybody. */
export async function readableAnswer(c: EdgeContext, answer: Response): Promise<Response> {
  const type = answer.headers.get('content-type') ?? '';
  return type.startsWith('application/problem+json') ? await readable(c, answer) : answer;
}

/** A form is not sent again by a link; the page that it stands on, or the sale's, is where one goes on. */
function wayOn(path: string, saleAsked: string): string | null {
  const order = /^\/checkout\/orders\/(ord_[0-9a-z]{26})(\/|$)/.exec(path)?.[1];
  if (order !== undefined) return `/checkout/orders/${order}`;
  const named = path === '/checkout' ? `/sales/${saleAsked}` : path;
  const sale = /^\/sales\/(sale_[0-9a-z]{26})(\/|$)/.exec(named)?.[1];
  return sale === undefined ? null : `/sales/${sale}`;
}
