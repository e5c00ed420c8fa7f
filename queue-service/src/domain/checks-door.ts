import type { CheckedSale, Finding } from './checks.ts';
import { isLoopback, isPrivateHost } from './hosts.ts';
import { countWords, durationWords } from './words.ts';

/** Stock that would be gone so soon draws scripts. */
const scarceSeconds = 600;

type Guarded = Pick<CheckedSale, 'sale' | 'products' | 'hasTurnstile' | 'publicOrigin'>;
type Drawn = { sale: Pick<CheckedSale['sale'], 'phase' | 'mode' | 'room'> };

/** Who may come in, how often, and with what. */
export function doorFindings(checked: Guarded): Finding[] {
  const { sale } = checked;
  if (sale.phase === 'closed') return [];
  const lottery = lotteryFindings({ sale });
  return [
    ...lottery,
    ...(lottery.length > 0 ? [] : unguarded(checked)),
    ...turnstileFindings(checked),
    ...challengeNowhere(checked),
    ...identityFindings(checked),
    ...softened(checked),
    ...messageLeft(checked),
  ];
}

/** What is told of a public sale wherever it is shown. */
export function publicFindings({
  sale,
  hasTurnstile,
}: Drawn & { hasTurnstile: boolean }): Finding[] {
  if (sale.phase === 'draft' || sale.phase === 'closed') return [];
  return [...lotteryFindings({ sale }), ...turnstileFindings({ sale, hasTurnstile })];
}

export function lotteryFindings({ sale: { mode, room } }: Drawn): Finding[] {
  const isOpenToMany = room.identity?.required !== true && room.challenge === 'none';
  if (mode !== 'lottery' || !isOpenToMany) return [];
  return [
    {
      code: 'lottery-many-chances',
      severity: 'warning',
      path: 'room.challenge',
      message:
        'Neither a login (room.identity) is required nor a challenge (room.challenge) set: whoever enters with many browsers has as many chances in the draw.',
      todo: 'Set room.challenge to altcha, or room.identity with required: true.',
    },
  ];
}

function turnstileFindings({ sale, hasTurnstile }: Drawn & { hasTurnstile: boolean }): Finding[] {
  if (sale.room.challenge !== 'turnstile' || hasTurnstile) return [];
  return [
    {
      code: 'turnstile-not-set-up',
      severity: 'warning',
      path: 'room.challenge',
      message:
        'room.challenge is turnstile, and FAIRGATE_TURNSTILE_SITE_KEY is not set: unless the edge has TURNSTILE_SITE_KEY and TURNSTILE_SECRET, nobody can join.',
      todo: 'Set them at the edge and here, or set room.challenge to altcha, which needs no account.',
    },
  ];
}

function unguarded({ sale: { room }, products }: Guarded): Finding[] {
  const free = products.reduce((sum, { counts }) => sum + counts.free, 0);
  const seconds = (free / Math.max(1, room.admitPerMinute)) * 60;
  const isGuarded = room.challenge !== 'none' || room.identity?.required === true;
  if (isGuarded || free === 0 || seconds > scarceSeconds) return [];
  return [
    {
      code: 'no-challenge',
      severity: 'warning',
      path: 'room.challenge',
      message:
        `${countWords(free, 'unit')} are gone within ${durationWords(seconds)} at the set rate, and nothing but limits by ` +
        'address stands between scripts and the line: neither a challenge nor a login.',
      todo: 'Set room.challenge to altcha, or room.identity with required: true.',
    },
  ];
}

function challengeNowhere({ sale: { room } }: Guarded): Finding[] {
  if (room.challenge === 'none' || room.challengeAt.length > 0) return [];
  return [
    {
      code: 'challenge-nowhere',
      severity: 'warning',
      path: 'room.challengeAt',
      message: `room.challenge is ${room.challenge}, and room.challengeAt is empty: nobody is asked for it.`,
      todo: 'Set room.challengeAt to ["join"], or to ["join", "token"].',
    },
  ];
}

/** The edge fetches the keys from the public net, unless it is on this machine as well. */
function identityFindings({ sale: { room }, publicOrigin }: Guarded): Finding[] {
  if (room.identity === undefined || isLoopback(publicOrigin)) return [];
  const { jwksUrl } = room.identity;
  const isNear = isLoopback(jwksUrl);
  if (!isNear && !isPrivateHost(jwksUrl)) return [];
  return [
    {
      code: 'identity-unreachable',
      severity: 'warning',
      path: 'room.identity.jwksUrl',
      message:
        `room.identity.jwksUrl is on ${isNear ? 'a loopback' : 'a private network'}, and the edge of ${publicOrigin} is not: ` +
        `it cannot fetch the keys, and ${room.identity.required ? 'nobody can join' : 'no login counts'}.`,
      todo: 'Set the https address at which the login publishes its keys to everybody.',
    },
  ];
}

function softened({ sale: { room } }: Guarded): Finding[] {
  const found: Finding[] = [];
  if (room.bindTokens === 'off') {
    found.push({
      code: 'tokens-unbound',
      severity: 'warning',
      path: 'room.bindTokens',
      message:
        'room.bindTokens is off: a copied link or token works on another device, and can be sold.',
      todo: 'Set room.bindTokens to optional, or to required where everybody has JavaScript.',
    });
  }
  if (room.placesPerAddress === undefined) {
    found.push({
      code: 'places-unlimited',
      severity: 'info',
      path: 'room.placesPerAddress',
      message:
        'room.placesPerAddress is not set: one address may have any number of places in the line.',
      todo: 'Set it well above what a household or an office needs, such as 20.',
    });
  }
  if (!room.guaranteeStock) {
    found.push({
      code: 'stock-not-guaranteed',
      severity: 'warning',
      path: 'room.guaranteeStock',
      message: 'room.guaranteeStock is off: people are let in who find nothing left.',
      todo: 'Set room.guaranteeStock to true, unless looking is worth something without buying.',
    });
  }
  return found;
}

/** Shoppers read it the moment the sale is public; a copied sale brings its original's. */
function messageLeft({ sale }: Guarded): Finding[] {
  const { message } = sale.room;
  if (sale.phase !== 'draft' || message === '') return [];
  const shown = message.length > 80 ? `${message.slice(0, 80)}…` : message;
  return [
    {
      code: 'message-left',
      severity: 'info',
      path: 'room.message',
      message: `Shoppers will read “${shown}” as soon as the sale is public.`,
      todo: 'Clear room.message, if it is left from another sale.',
    },
  ];
}
