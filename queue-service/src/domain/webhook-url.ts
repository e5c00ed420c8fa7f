import { hostKind } from './public-address.ts';

/** `localhost` and what ends in it is a loopback (RFC 6761 section 6.3), whatever a resolver says. */
export const isLocalhost = (host: string) => /(^|\.)localhost\.?$/i.test(host);

/** The host of a URL; without the brackets where it is an IPv6 address. */
export const hostOf = ({ hostname }: URL) => hostname.replace(/^\[(.*)\]$/, '$1');

/**
 * What is wrong with the URL of an endpoint, or null. What a name resolves to is looked at when it
 * is connected to. `allowPrivate`: http to a loopback and private addresses too, for tests.
 */
export function urlMistake(text: string, allowPrivate: boolean): string | null {
  const url = URL.parse(text);
  if (url === null) return 'must be a URL';
  if (url.username !== '' || url.password !== '') return 'must not hold a user or a password';
  if (url.hash !== '') return 'must not have a fragment';
  const host = hostOf(url);
  const kind = isLocalhost(host) ? 'loopback' : hostKind(host);
  const isLocalHttp = url.protocol === 'http:' && allowPrivate && kind === 'loopback';
  if (url.protocol !== 'https:' && !isLocalHttp) return 'must be an https URL';
  if ((kind === 'private' || kind === 'loopback') && !allowPrivate) {
    return 'must be a public host';
  }
  return null;
}
