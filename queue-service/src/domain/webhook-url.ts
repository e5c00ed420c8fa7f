import { hostKind, hostOf } from '@fairgate/shared/public-host.ts';

/**
 * What is wrong with the URL of an endpoint, or null. What a name resolves to is looked at when it
 * is connected to. `allowPrivate`: http to a loopback and private addresses too, for tests.
 */
export function urlMistake(text: string, allowPrivate: boolean): string | null {
  const url = URL.parse(text);
  if (url === null) return 'must be a URL';
  if (url.username !== '' || url.password !== '') return 'must not hold a user or a password';
  if (url.hash !== '') return 'must not have a fragment';
  const kind = hostKind(hostOf(url));
  const isLocalHttp = url.protocol === 'http:' && allowPrivate && kind === 'loopback';
  if (url.protocol !== 'https:' && !isLocalHttp) return 'must be an https URL';
  if ((kind === 'private' || kind === 'loopback') && !allowPrivate) {
    return 'must be a public host';
  }
  return null;
}
