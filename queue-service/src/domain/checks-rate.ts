import type { CheckedSale, Finding } from './checks.ts';
import { countWords, durationWords, numberWords } from './words.ts';

/** From being let in to having paid, for somebody who is quick: notice, cart, card. */
const quickSeconds = 30;
/** A checkout that runs at its limit has queues: what is measured is used so far. */
const capacityShare = 0.8;
/** To notice that it is one's turn, and to fill a cart. */
const tokenSecondsMin = 30;
/** To solve a challenge besides, on a slow telephone. */
const tokenSecondsWithChallenge = 60;

type Rated = Pick<CheckedSale, 'sale' | 'checkouts'>;

/** The rate, what bounds it, and the time that people have. */
export function rateFindings(checked: Rated): Finding[] {
  if (checked.sale.phase === 'closed') return [];
  const { room } = checked.sale;
  if (room.admitPerMinute === 0) return [rateZero, ...shortToken(room)];
  return [...capacity(checked), ...bounded(room), ...shortToken(room)];
}

const rateZero: Finding = {
  code: 'rate-zero',
  severity: 'warning',
  path: 'room.admitPerMinute',
  message: 'admitPerMinute is 0: nobody is let in.',
  todo: 'Set the rate, unless it is raised by hand once the sale is open.',
};

function capacity({ sale, checkouts }: Rated): Finding[] {
  const { admitPerMinute } = sale.room;
  const path = 'room.admitPerMinute';
  const perSecond = admitPerMinute / 60;
  const { claimsPerSecond } = checkouts;
  if (claimsPerSecond === null) {
    const message =
      `No checkout has measured how many claims it takes: whether ${countWords(admitPerMinute, 'person', 'people')} a ` +
      `minute (${numberWords(perSecond)} claims a second, if each buys once) are too many is not known.`;
    const todo =
      'Run a rehearsal with a sale of its own (npm run crowd -- --shoppers 2000 --units 2000): the checkouts measure while they claim. Then ask again.';
    return [{ code: 'capacity-unknown', severity: 'info', path, message, todo }];
  }
  const usable = claimsPerSecond * capacityShare;
  if (perSecond <= usable) return [];
  return [
    {
      code: 'rate-above-capacity',
      severity: 'warning',
      path,
      message:
        `${numberWords(admitPerMinute)} a minute / 60 = ${numberWords(perSecond)} claims a second; the ` +
        `${countWords(checkouts.live, 'checkout')} that live took ${numberWords(claimsPerSecond)} a second when last ` +
        `measured, of which ${capacityShare * 100} % (${numberWords(usable)}) are well used: people would wait at the checkout.`,
      todo: `Set admitPerMinute to ${numberWords(Math.floor(usable * 60))} or less, or add checkouts and measure again.`,
    },
  ];
}

type Room = CheckedSale['sale']['room'];

/** Little's law: of `maxActive` people who take so long each, that many a second come through. */
function bounded({ admitPerMinute, maxActive, tokenSeconds, paySeconds }: Room): Finding[] {
  const longest = tokenSeconds + paySeconds;
  const quick = Math.min(quickSeconds, longest);
  const reached = (seconds: number) => (maxActive / seconds) * 60;
  const needed = (seconds: number) => Math.ceil((admitPerMinute / 60) * seconds);
  if (reached(quick) < admitPerMinute) {
    return [
      {
        code: 'rate-not-reached',
        severity: 'warning',
        path: 'room.maxActive',
        message:
          `Even if everybody was done within ${durationWords(quick)}, maxActive ${numberWords(maxActive)} / ${quick} s × 60 = ` +
          `${numberWords(reached(quick))} people a minute come through, and not the ${numberWords(admitPerMinute)} of admitPerMinute.`,
        todo: `Set maxActive to ${numberWords(needed(quick))} or more, or admitPerMinute to ${numberWords(Math.floor(reached(quick)))} or less.`,
      },
    ];
  }
  if (reached(longest) >= admitPerMinute) return [];
  return [
    {
      code: 'rate-slowed',
      severity: 'info',
      path: 'room.maxActive',
      message:
        `maxActive ${numberWords(maxActive)} is reached at ${numberWords(admitPerMinute)} a minute once people take more than ` +
        `${durationWords((maxActive / admitPerMinute) * 60)} each; if all take the whole ${durationWords(longest)} ` +
        `(tokenSeconds + paySeconds), ${numberWords(reached(longest))} a minute come through.`,
      todo: `Nothing, if the checkout is to be spared; else set maxActive to ${numberWords(needed(longest))}.`,
    },
  ];
}

function shortToken({ tokenSeconds, challenge, challengeAt }: Room): Finding[] {
  const isChallenged = challenge !== 'none' && challengeAt.includes('token');
  const least = isChallenged ? tokenSecondsWithChallenge : tokenSecondsMin;
  if (tokenSeconds >= least) return [];
  return [
    {
      code: 'token-seconds-short',
      severity: 'warning',
      path: 'room.tokenSeconds',
      message: `Whoever is let in has ${durationWords(tokenSeconds)} to notice it${
        isChallenged ? ', to solve the challenge' : ''
      } and to fill a cart: many lose their turn.`,
      todo: `Set tokenSeconds to ${least} or more.`,
    },
  ];
}
