import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { type PushRule, pushEndpointFault } from '@fairgate/shared/notices/push-endpoint.ts';
import webPush from 'web-push';
import { type Pusher, PushPutOff } from '../app/place-ports.ts';
import { type Allowed, nameResolver, publicLookup } from './public-lookup.ts';

/** From the name to the answer's headers; together shorter than a claim. */
const answerMsMax = 8_000;
/** Nobody waits longer than that, whatever a push service asks for. */
const putOffMsMax = 3_600_000;

type Vapid = { publicKey: string; privateKey: string; subject: string };

/**
 * Sends through the push service of each subscription: encrypted for the browser (RFC 8291), in the shop's
 * name (RFC 8292). The endpoint was checked when it came; what its name leads to is checked here.
 */
export function webPusher(vapid: Vapid, rule: PushRule, resolve = nameResolver()): Pusher {
  const allowed: Allowed = new Set(rule.allowsLoopback ? ['public', 'loopback'] : ['public']);
  const lookup = publicLookup(resolve, allowed);
  return {
    async send({ endpoint, keys }, { payload, ttlSeconds, urgency, topic }) {
      if (pushEndpointFault(endpoint, rule) !== null) return 'refused';
      const details = webPush.generateRequestDetails({ endpoint, keys }, payload, {
        vapidDetails: vapid,
        TTL: ttlSeconds,
        contentEncoding: 'aes128gcm',
        urgency,
        topic,
      });
      const { method, headers, body } = details;
      return outcomeOf(await post(endpoint, { method, headers, body }, lookup));
    },
  };
}

type Answer = { status: number; retryAfter: string | undefined };
type Wish = { method: string; headers: object; body: Buffer };

function post(
  endpoint: string,
  { method, headers, body }: Wish,
  lookup: LookupFunction,
): Promise<Answer> {
  const url = new URL(endpoint);
  const send = url.protocol === 'http:' ? httpRequest : httpsRequest;
  return new Promise((resolve, reject) => {
    const sent = send(url, {
      method,
      headers: { ...headers },
      // A connection that is kept was made to an address that was good then.
      agent: false,
      lookup,
      signal: AbortSignal.timeout(answerMsMax),
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      // What it says beside its status is nothing to us; redirects are not followed.
      response.resume();
      response.on('error', () => {});
      resolve({
        status: response.statusCode ?? 0,
        retryAfter: response.headers['retry-after'],
      });
    });
    sent.end(body);
  });
}

/** RFC 8030 sections 5 and 7.3; 413 and the like are the same the next time. */
function outcomeOf({ status, retryAfter }: Answer): 'sent' | 'gone' | 'refused' {
  if (status >= 200 && status < 300) return 'sent';
  if (status === 404 || status === 410) return 'gone';
  if (status === 429 || status >= 500) {
    throw new PushPutOff(askedMs(retryAfter), `the push service answered ${status}`);
  }
  return 'refused';
}

/** Seconds, or a date (RFC 9110 section 10.2.3); 0 where nothing is asked for. */
function askedMs(retryAfter: string | undefined): number {
  if (retryAfter === undefined) return 0;
  const asked = /^\d+$/.test(retryAfter)
    ? Number(retryAfter) * 1_000
    : Date.parse(retryAfter) - Date.now();
  return Number.isFinite(asked) ? Math.min(putOffMsMax, Math.max(0, asked)) : 0;
}
