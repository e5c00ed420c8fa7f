import type { Place } from '@fairgate/shared/place.ts';
import type { PublicSale } from '@fairgate/shared/sale.ts';
import { speechIn } from '@fairgate/shared/words/speech.ts';
import { expect, test } from 'vitest';
import { placePanel } from './place-panel.ts';

const english = speechIn('en');
const sale: PublicSale = {
  id: 'sale_01',
  name: 'Pens',
  mode: 'lottery',
  state: 'open',
  lobbyOpensAt: null,
  startsAt: '2030-01-01T00:00:00.000Z',
  endsAt: null,
  serverTime: '2030-01-01T00:00:09.000Z',
  bindTokens: 'optional',
  challenge: 'none',
  challengeAt: [],
  products: [],
  waiting: 2,
  admitPerMinute: 600,
  message: '',
};
const place: Place = {
  state: 'waiting',
  number: 7,
  lobbyNumber: 42,
  ahead: 3,
  behind: 4,
  etaSeconds: null,
  pollAfterSeconds: 2,
  lane: 'main',
  saleState: 'open',
  message: '',
  outlook: { kind: 'likely', unitsLeft: 5, unitsHeld: 0 },
};

test('an entrant of a lottery is told how to check the own number, once it is drawn', async () => {
  const page = `${await placePanel(english, sale, place)}`;
  expect(page).toContain('Number 42 was drawn to rank 7');
  expect(page).toContain('href="/api/sales/sale_01/fairness"');
  expect(page).toContain('sale_01 42</code>');
  expect(`${await placePanel(english, sale, { ...place, state: 'admitted' })}`).toContain('rank 7');
  const { lobbyNumber: _, ...late } = place;
  expect(`${await placePanel(english, sale, late)}`).not.toContain('verify-draw');
  expect(`${await placePanel(english, sale, { ...place, state: 'lobby' })}`).not.toContain(
    'verify-draw',
  );
});

test('until it is drawn the number is that of the draw, and a rank from then on', async () => {
  const { lobbyNumber: _, ...undrawn } = { ...place, ahead: null, behind: null };
  expect(`${await placePanel(english, sale, undrawn)}`).toContain('Your number in the draw');
  expect(`${await placePanel(english, sale, place)}`).toContain('Your rank');
});
