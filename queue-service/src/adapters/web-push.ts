import { createPublicKey } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { type PushRule, pushEndpointFault } from '@fairgate/shared/notices/push-endpoint.ts';
import webPush from 'web-push';
import { type Pusher, PushPutOff } from '../app/place-ports.ts';
import { type Allowed, nameResolver, publicLookup } from './public-lookup.ts';
import { pushHosts } from './push-hosts.ts';

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
  const atHost = pushHosts();
  return {
    async send({ endpoint, keys }, { payload, ttlSeconds, urgency, topic }) {
      if (pushEndpointFault(endpoint, rule) !== null) return 'refused';
      // Not on the curve: no browser has such a key, and encrypting for it throws each time.
      if (!isPoint(keys.p256dh)) return 'refused';
      const details = webPush.generateRequestDetails({ endpoint, keys }, payload, {
        vapidDetails: vapid,
        TTL: ttlSeconds,
        contentEncoding: 'aes128gcm',
        urgency,
        topic,
      });
      const { method, headers, body } = details;
      const { host } = new URL(endpoint);
      const answer = await atHost(host, async () => {
        const given = await post(endpoint, { method, headers, body }, lookup);
        // A host's own failure, which counts against it.
        if (given.status >= 500) throw putOff(given);
        return given;
      });
      return outcomeOf(answer);
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

/** A public key of P-256, uncompressed, in base64url (RFC 8291 section 3.1). */
function isPoint(p256dh: string): boolean {
  const point = Buffer.from(p256dh, 'base64url');
  if (point.length !== 65 || point[0] !== 4) return false;
  const [x, y] = [point.subarray(1, 33), point.subarray(33)];
  const own = { kty: 'EC', crv: 'P-256', x: x.toString('base64url'), y: y.toString('base64url') };
  try {
    createPublicKey({ key: own, format: 'jwk' });
    return true;
  } catch {
    return false;
  }
}

/** Our name or our clock is not to its liking, or it was too early or too slow: mended, it may pass. */
const passing: readonly number[] = [401, 403, 408, 425, 429];
/** Of those, what somebody has to mend here. */
const ours: readonly number[] = [401, 403];

/** RFC 8030 sections 5 and 7.3; 413 and the like are the same the next time. */
function outcomeOf(answer: Answer): 'sent' | 'gone' | 'refused' {
  const { status } = answer;
  if (status >= 200 && status < 300) return 'sent';
  if (status === 404 || status === 410) return 'gone';
  if (passing.includes(status)) throw putOff(answer);
  return 'refused';
}

function putOff({ status, retryAfter }: Answer): PushPutOff {
  const isOurs = ours.includes(status);
  return new PushPutOff(askedMs(retryAfter), `the push service answered ${status}`, isOurs);
}

/** Seconds, or a date (RFC 9110 section 10.2.3); 0 where nothing is asked for. */
function askedMs(retryAfter: string | undefined): number {
  if (retryAfter === undefined) return 0;
  const asked = /^\d+$/.test(retryAfter)
    ? Number(retryAfter) * 1_000
    : Date.parse(retryAfter) - Date.now();
  return Number.isFinite(asked) ? Math.min(putOffMsMax, Math.max(0, asked)) : 0;
}
