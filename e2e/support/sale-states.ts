import { banListText, bansKey } from '@fairgate/shared/bans/ban.ts';
import type { Language } from '@fairgate/shared/words/languages.ts';
import { speechIn } from '@fairgate/shared/words/speech.ts';
import type { WordKey } from '@fairgate/shared/words/texts.ts';
import { decodeJwt } from 'jose';
import type { Page } from 'playwright-core';
import { edgeClient } from './edge-client.ts';
import type { Rooms } from './rooms.ts';
import type { Stage } from './sale-stage.ts';
import { waitFor } from './wait.ts';

/** A state of the sale page, brought about by what a shopper and a shop really do. */
export type SaleState = {
  name: string;
  /** What its page is headed by. */
  heading: WordKey;
  enter(page: Page, stage: Stage, language: Language): Promise<void>;
};

const name = 'An evening by the sea';

async function openAt(page: Page, { edge }: Stage, saleId: string): Promise<void> {
  await page.goto(`${edge.url}/sales/${saleId}`);
}

async function press(page: Page, language: Language, key: WordKey): Promise<void> {
  await page.getByRole('button', { name: speechIn(language).say(key), exact: true }).click();
}

export async function headed(page: Page, language: Language, key: WordKey): Promise<void> {
  await page.getByRole('heading', { name: speechIn(language).say(key), exact: true }).waitFor();
}

/** Others, who stand ahead of the shopper from now on. */
export async function othersJoin({ edge }: Stage, saleId: string, count: number): Promise<void> {
  const client = edgeClient(edge.url);
  for (let i = 0; i < count; i += 1) await client.join(saleId);
}

/** A sale that lets in one at once, and the next in a minute. */
const slowly = { name, admitPerMinute: 1, maxActive: 10_000 };

/** Its pages ask every few seconds, as whoever does not is soon taken for gone. */
const livelier = { ...slowly, abandonSeconds: 15 };

/** Joins behind so many. */
export async function joinBehind(
  page: Page,
  stage: Stage,
  language: Language,
  count: number,
  fields: Parameters<Rooms['open']>[0] = slowly,
): Promise<string> {
  const saleId = await stage.rooms.open(fields);
  await othersJoin(stage, saleId, count);
  await openAt(page, stage, saleId);
  await press(page, language, 'join.button');
  await page.locator('[data-field="ahead"]').waitFor();
  return saleId;
}

/** Opens a sale, and the page of it. */
const shown =
  (fields: () => Parameters<Rooms['open']>[0]): SaleState['enter'] =>
  async (page, stage) =>
    await openAt(page, stage, await stage.rooms.open({ name, ...fields() }));

async function banned(page: Page, stage: Stage, language: Language): Promise<void> {
  const saleId = await joinBehind(page, stage, language, 1);
  const cookies = await page.context().cookies();
  const ticket = cookies.find(({ value }) => value.split('.').length === 3)?.value ?? '';
  const ban = { id: 'ban_1', kind: 'visitor' as const, value: decodeJwt(ticket).sub ?? '' };
  const listed = { ...ban, reason: '', expiresAt: null };
  await stage.rooms.redis.set(bansKey, banListText({ version: Date.now(), bans: [listed] }));
  try {
    await waitFor('the ban', 10, async () => {
      const response = await page.goto(`${stage.edge.url}/sales/${saleId}`);
      return response?.status() === 403;
    });
  } finally {
    await stage.rooms.redis.set(bansKey, banListText({ version: Date.now(), bans: [] }));
  }
}

/** Every state that item 2 of the issue names. */
export const saleStates: SaleState[] = [
  {
    name: 'scheduled',
    heading: 'sale.scheduledTitle',
    enter: shown(() => ({ startsAt: Date.now() + 3 * 3_600_000 })),
  },
  {
    name: 'lobby',
    heading: 'sale.lobbyTitle',
    enter: shown(() => ({ startsAt: Date.now() + 600_000 })),
  },
  {
    name: 'in-the-lobby',
    heading: 'place.lobbyTitle',
    async enter(page, stage, language) {
      const saleId = await stage.rooms.open({ name, startsAt: Date.now() + 600_000 });
      await othersJoin(stage, saleId, 3);
      await openAt(page, stage, saleId);
      await press(page, language, 'join.button');
    },
  },
  { name: 'open', heading: 'sale.joinTitle', enter: shown(() => slowly) },
  {
    name: 'waiting',
    heading: 'place.lineTitle',
    async enter(page, stage, language) {
      await joinBehind(page, stage, language, 9);
    },
  },
  {
    name: 'nearly',
    heading: 'place.nearlyTitle',
    async enter(page, stage, language) {
      await joinBehind(page, stage, language, 1);
    },
  },
  {
    name: 'your-turn',
    heading: 'place.turnTitle',
    async enter(page, stage, language) {
      await openAt(page, stage, await stage.rooms.open({ name, admitPerMinute: 6_000 }));
      await press(page, language, 'join.button');
    },
  },
  {
    name: 'too-late',
    heading: 'place.expiredTitle',
    async enter(page, stage, language) {
      const fields = { name, admitPerMinute: 6_000, tokenSeconds: 5 };
      await openAt(page, stage, await stage.rooms.open(fields));
      await press(page, language, 'join.button');
      await headed(page, language, 'place.turnTitle');
    },
  },
  {
    name: 'paused',
    heading: 'place.pausedTitle',
    async enter(page, stage, language) {
      const saleId = await joinBehind(page, stage, language, 4, livelier);
      await stage.rooms.open({ ...livelier, phase: 'paused' }, saleId);
    },
  },
  {
    name: 'sold-out',
    heading: 'place.soldOutTitle',
    async enter(page, stage, language) {
      const saleId = await joinBehind(page, stage, language, 4, livelier);
      const productId = saleId.replace('sale_', 'prod_');
      const allSold = { productId, free: 0, held: 0, sold: 1_000 };
      await stage.rooms.room.picture(saleId, Date.now(), [allSold]);
    },
  },
  {
    name: 'closed',
    heading: 'sale.closedTitle',
    async enter(page, stage, language) {
      const saleId = await joinBehind(page, stage, language, 4, livelier);
      await stage.rooms.open({ ...livelier, phase: 'closed' }, saleId);
    },
  },
  { name: 'banned', heading: 'trouble.bannedTitle', enter: banned },
];
