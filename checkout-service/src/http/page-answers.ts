import { languageChoice, spokenLanguage } from '@fairgate/shared/http/speaking.ts';
import { isId } from '@fairgate/shared/ids.ts';
import { pageHeaders } from '@fairgate/shared/pages/policy.ts';
import { Problem, problems, retryAfterSecondsDefault } from '@fairgate/shared/problem.ts';
import { speechIn } from '@fairgate/shared/words/speech.ts';
import { troubleOf } from '@fairgate/shared/words/trouble.ts';
import type { Context } from 'hono';
import type { StatusCode } from 'hono/utils/http-status';
import { z } from 'zod';
import { type Mistake, mistakeOf, type Refusal } from '../pages/mistake.ts';
import type { PageScripts } from '../pages/scripts.ts';
import { messagePage, type Shown } from '../pages/shell.ts';
import type { AppEnv, HttpDeps } from './deps.ts';

/** What the routes of pages stand on. */
export type PageDeps = HttpDeps & { scripts: PageScripts };

/** Each page is of one shopper, and as it was when it was asked for. */
export async function sendPage(
  c: Context,
  { page, policy }: Shown,
  status?: 200 | 404,
): Promise<Response> {
  for (const [name, value] of Object.entries(pageHeaders)) c.header(name, value);
  c.header('content-security-policy', policy);
  c.header('cache-control', 'no-store');
  return status === undefined ? c.body(`${await page}`) : c.body(`${await page}`, status);
}

/** The switch of languages (`?lang=`), or the page. */
export function inLanguage(deps: HttpDeps, run: (c: Context<AppEnv>) => Promise<Response>) {
  const isSecure = deps.publicOrigins[0]?.startsWith('https:') ?? false;
  return async (c: Context<AppEnv>) => languageChoice(c, isSecure) ?? (await run(c));
}

const problemSchema = z.object({ type: z.string(), reason: z.string().optional() });

/** A browser that asked for a page is told in a page; everybody else gets the document. */
export async function readable(c: Context, problem: Response): Promise<Response> {
  if (!(c.req.header('accept') ?? '').includes('text/html')) return problem;
  const { type, reason } = problemSchema.parse(await problem.json());
  const speech = speechIn(spokenLanguage(c));
  const told = troubleOf({ slug: type.split(':').at(-1) ?? '', reason });
  const sale = c.req.query('sale') ?? '';
  const link = isId('sale', sale)
    ? { href: `/sales/${sale}`, label: speech.say('common.backToSale') }
    : { href: '/', label: speech.say('common.allSales') };
  const words = { title: speech.say(told.title), text: speech.say(told.text), link };
  const retryAfter = problem.headers.get('retry-after');
  if (retryAfter !== null) c.header('retry-after', retryAfter);
  c.status(problem.status as StatusCode);
  return await sendPage(c, messagePage(speech, words));
}

/** 404, as a page. */
export async function sendMissing(c: Context, what: 'sale' | 'order'): Promise<Response> {
  const speech = speechIn(spokenLanguage(c));
  const link = { href: '/', label: speech.say('common.allSales') };
  const words =
    what === 'sale'
      ? { title: speech.say('trouble.notFoundTitle'), text: speech.say('trouble.notFound') }
      : { title: speech.say('order.notShown'), text: speech.say('order.notShownText') };
  return await sendPage(c, messagePage(speech, { ...words, link }), 404);
}

/** The page says what is wrong, and its status and headers do too (CONTRACT.md section 1). */
export function answerAs(c: Context, { slug, details }: Problem): void {
  const { status } = problems[slug];
  c.status(status);
  if (status === 429 || status === 503) {
    c.header('retry-after', String(details.retryAfterSeconds ?? retryAfterSecondsDefault));
  }
}

/** A refusal in words for the page. */
export function mistakeOfProblem({ slug, details }: Problem): Mistake {
  const { reason, max } = details.extra ?? {};
  const refusal: Refusal = {
    slug,
    reason: typeof reason === 'string' ? reason : undefined,
    max: typeof max === 'number' ? max : undefined,
    path: details.errors?.[0]?.path,
  };
  return mistakeOf(refusal);
}

/** What went wrong, in words for the page; what is no refusal of ours goes on its way. */
export function toldMistake(c: Context, error: unknown): Mistake {
  if (!(error instanceof Problem)) throw error;
  switch (error.slug) {
    case 'invalid-request':
    case 'payment-declined':
    case 'conflict':
    case 'order-expired':
    case 'payment-unavailable':
    case 'unavailable':
      answerAs(c, error);
      return mistakeOfProblem(error);
    default:
      throw error;
  }
}
