import { expect, test } from 'vitest';
import { ticketExpiry, ticketFallsShort } from './ticket-life.ts';

const hour = 3_600_000;

test('a ticket lives until 24 h after the end of its sale', () => {
  const times = { startsAt: 0, endsAt: 10 * hour };
  const exp = ticketExpiry(times, 2 * hour);
  expect(exp).toBe((34 * hour) / 1_000);
  expect(ticketFallsShort(exp, times, 9 * hour)).toBe(false);
  // The end was moved.
  expect(ticketFallsShort(exp, { ...times, endsAt: 11 * hour }, 9 * hour)).toBe(true);
});

test('tickets of a sale without an end are renewed long before they expire', () => {
  const times = { startsAt: 100 * hour, endsAt: 0 };
  const exp = ticketExpiry(times, 0);
  expect(exp).toBe(100 * 3_600 + 30 * 86_400);
  expect(ticketFallsShort(exp, times, 200 * hour)).toBe(false);
  expect(ticketFallsShort(exp, times, 700 * hour)).toBe(true);
});
