import type { Context } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { type Language, languageOf, languageOfTag } from '../words/languages.ts';

/** The cookie that holds what the switch of a page has chosen. */
export const languageCookie = 'fg_lang';

const cookieSeconds = 365 * 86_400;

/** What a cache has to keep apart. */
export const languageVary = 'cookie, accept-language';

/** The language of an answer to a shopper: as chosen by a switch, or as the browser wants it. */
export function spokenLanguage(c: Context): Language {
  const chosen = languageOfTag(getCookie(c, languageCookie) ?? '');
  return chosen ?? languageOf(c.req.header('accept-language'));
}

/**
 * A page's `?lang=`: sets the cookie, and sends the browser to the page without it. Null where
 * nothing, or no language of ours, was chosen.
 */
export function languageChoice(c: Context, isSecure: boolean): Response | null {
  const asked = c.req.query('lang');
  if (asked === undefined) return null;
  const language = languageOfTag(asked);
  if (language !== undefined) {
    setCookie(c, languageCookie, language, {
      httpOnly: true,
      sameSite: 'Lax',
      path: '/',
      maxAge: cookieSeconds,
      secure: isSecure,
    });
  }
  const url = new URL(c.req.url);
  url.searchParams.delete('lang');
  return c.redirect(`${url.pathname}${url.search}`, 303);
}
