import { isoTime } from '@fairgate/shared/clock.ts';
import type { CheckedSale, Finding } from './checks.ts';
import { unitsTotal } from './records.ts';
import { countWords, durationWords, numberWords } from './words.ts';

/** A sale that begins sooner than this leaves nobody time to hear of it. */
const soonSeconds = 600;
/** Who comes after the start is not drawn: people need some time to come. */
const drawLobbySecondsMin = 300;

type Dated = Pick<CheckedSale, 'sale' | 'products' | 'now'>;

/** Start, end and lobby. Of a public sale the start is history. */
export function timeFindings(checked: Dated): Finding[] {
  const { sale, now } = checked;
  if (sale.phase === 'closed') return [closed];
  const ended = endPassed(sale.endsAt, now);
  if (ended.length > 0) return ended;
  const early = sale.phase === 'draft' ? startFindings(checked) : [];
  return [...early, ...drawLobby(checked), ...endFindings(checked)];
}

const closed: Finding = {
  code: 'sale-closed',
  severity: 'error',
  path: 'state',
  message: 'The sale is closed, and does not open again.',
  todo: 'Copy it to a new sale.',
};

/** What publishing is refused for, whoever asks. */
export function endPassed(endsAt: number | null, now: number): Finding[] {
  if (endsAt === null || endsAt > now) return [];
  return [
    {
      code: 'end-passed',
      severity: 'error',
      path: 'endsAt',
      message: `The sale would be over: endsAt, ${isoTime(endsAt)}, has passed.`,
      todo: 'Set a later endsAt, or null for a sale that is closed by hand.',
    },
  ];
}

function startFindings({ sale, now }: Dated): Finding[] {
  const seconds = (sale.startsAt - now) / 1_000;
  if (seconds <= 0) {
    return [
      {
        code: 'start-passed',
        severity: 'warning',
        path: 'startsAt',
        message: `startsAt, ${isoTime(sale.startsAt)}, has passed: the sale opens the moment it is published, without a lobby.`,
        todo: 'Set startsAt to the time at which it is to open, or publish it when it may.',
      },
    ];
  }
  const soon: Finding = {
    code: 'start-soon',
    severity: 'warning',
    path: 'startsAt',
    message: `The sale starts ${durationWords(seconds)} from now: whoever has not heard of it by then comes late.`,
    todo: 'Set a later startsAt, unless those who are to come know of it.',
  };
  return [...(seconds < soonSeconds ? [soon] : []), ...lobbyBegan(sale, seconds)];
}

function lobbyBegan(sale: CheckedSale['sale'], seconds: number): Finding[] {
  const { lobbySeconds } = sale.room;
  if (lobbySeconds <= seconds) return [];
  const isLottery = sale.mode === 'lottery';
  return [
    {
      code: 'lobby-began',
      severity: isLottery ? 'warning' : 'info',
      path: 'room.lobbySeconds',
      message:
        `The lobby would have opened ${durationWords(lobbySeconds - seconds)} ago: it opens as soon ` +
        `as the sale is published, and is ${durationWords(seconds)} long instead of ` +
        `${durationWords(lobbySeconds)}.`,
      todo: isLottery
        ? 'Set a later startsAt: only those in the lobby at the start are drawn.'
        : 'Set a later startsAt, or fewer lobbySeconds.',
    },
  ];
}

function drawLobby({ sale }: Dated): Finding[] {
  const { lobbySeconds } = sale.room;
  const isOver = sale.phase === 'open' || sale.phase === 'paused';
  if (sale.mode !== 'lottery' || isOver || lobbySeconds >= drawLobbySecondsMin) return [];
  const message =
    lobbySeconds === 0
      ? 'The lottery has no lobby: nobody can enter the draw, and all stand in order of arrival.'
      : `The lobby of the lottery is open for ${durationWords(lobbySeconds)}: whoever comes later is not drawn.`;
  return [
    {
      code: 'lottery-lobby-short',
      severity: 'warning',
      path: 'room.lobbySeconds',
      message,
      todo: `Set lobbySeconds to at least ${drawLobbySecondsMin}, better to hours.`,
    },
  ];
}

function endFindings(checked: Dated): Finding[] {
  const { endsAt } = checked.sale;
  if (endsAt !== null) return endTooSoon(checked, endsAt);
  return [
    {
      code: 'no-end',
      severity: 'info',
      path: 'endsAt',
      message: 'The sale has no end: it stays open until it is closed by hand, sold out or not.',
      todo: 'Set endsAt, or close it by hand.',
    },
  ];
}

/** With one unit for each of those who are let in, and the last of them taking all their time. */
function endTooSoon({ sale, products, now }: Dated, endsAt: number): Finding[] {
  const { admitPerMinute, tokenSeconds, paySeconds, maxUnitsPerShopper } = sale.room;
  const units = products.reduce((sum, { counts }) => sum + unitsTotal(counts) - counts.sold, 0);
  if (units === 0 || admitPerMinute === 0) return [];
  const openSeconds = (endsAt - Math.max(now, sale.startsAt)) / 1_000;
  const lettingIn = (units / admitPerMinute) * 60;
  const neededSeconds = lettingIn + tokenSeconds;
  if (openSeconds >= neededSeconds) return [];
  const atMost = lettingIn / maxUnitsPerShopper + tokenSeconds;
  const rateNeeded = Math.ceil((units * 60) / Math.max(1, openSeconds - tokenSeconds));
  const canRaise = openSeconds > tokenSeconds && rateNeeded <= 600_000;
  return [
    {
      code: 'end-too-soon',
      severity: openSeconds < atMost || maxUnitsPerShopper === 1 ? 'warning' : 'info',
      path: 'endsAt',
      message:
        `${countWords(units, 'unit')} at ${countWords(admitPerMinute, 'person', 'people')} a minute, one unit ` +
        `each: ${numberWords(units)} / ${numberWords(admitPerMinute)} = ${numberWords(units / admitPerMinute)} min, ` +
        `and ${durationWords(tokenSeconds)} (tokenSeconds) for the last one to begin an order: ` +
        `${durationWords(neededSeconds)} in all` +
        `${maxUnitsPerShopper === 1 ? '' : ` (${durationWords(atMost)} if everybody took ${maxUnitsPerShopper})`}. ` +
        `The sale is open for ${durationWords(openSeconds)}. Orders may be paid for ${durationWords(paySeconds)} more.`,
      todo: `Set endsAt to ${isoTime(endsAt + Math.ceil(neededSeconds - openSeconds) * 1_000)} or later${
        canRaise ? `, or admitPerMinute to ${numberWords(rateNeeded)} or more` : ''
      }.`,
    },
  ];
}
