import { newProofKey } from '@fairgate/shared/token/proof-maker.ts';
import { decodeJwt } from 'jose';
import { answered } from '../support/http.ts';
import {
  joinShape,
  type PlaceAnswer,
  pollShape,
  purchaseClaimsShape,
  tokenShape,
} from '../support/shapes.ts';
import { pay, redeem } from './buying.ts';
import { Ending, type Fair, type Shopper } from './fair.ts';
import type { ShopperPlan } from './plan.ts';
import { provenBy } from './proven.ts';
import { seededRandom } from './random.ts';
import type { ShopperRecord, Stage } from './record.ts';

// arrive → join → poll … poll → token → redemption → payment → outcome

/** Walks the whole way of one shopper, noting in `record` what happens. Never rejects. */
export async function runShopper(
  plan: ShopperPlan,
  record: ShopperRecord,
  fair: Fair,
): Promise<void> {
  // Half of them have a browser that makes a key, and are bound to it.
  const key = plan.index % 2 === 0 ? newProofKey() : null;
  const shopper = { plan, record, fair, key, random: seededRandom(plan.seed) };
  try {
    await fair.sender.pause(plan.arrivesAtMs);
    const ticket = await join(shopper);
    await waitForTurn(shopper, ticket);
    const redeemed = await redeem(shopper, await takeToken(shopper, ticket));
    await pay(shopper, redeemed);
  } catch (error) {
    if (error instanceof Ending) record.stage = error.stage;
    else {
      record.stage = 'failed';
      record.failure = error instanceof Error ? error.message : String(error);
    }
  }
}

async function join({ record, fair, key }: Shopper): Promise<string> {
  const url = `${fair.edgeUrl}/api/sales/${fair.saleId}/place`;
  for (;;) {
    if (fair.isOver()) throw new Ending('without');
    record.joinSentMs = Date.now();
    const json = key === null ? {} : { publicKey: key.jwk };
    const answer = await fair.sender.send(url, { method: 'POST', json });
    record.joinAnsweredMs = Date.now();
    if (answer.status === 409) {
      if (answer.text.includes(':sold-out')) throw new Ending('without');
      await fair.sender.pause(1_000);
      continue;
    }
    const { ticket, place } = answered(answer, 201, joinShape);
    record.number = place.number;
    record.stage = 'waiting';
    return ticket;
  }
}

async function waitForTurn(shopper: Shopper, ticket: string): Promise<void> {
  const { plan, record, fair, random } = shopper;
  const url = `${fair.edgeUrl}/api/sales/${fair.saleId}/place`;
  const joinedMs = Date.now();
  let seenMs = joinedMs;
  for (;;) {
    const answer = await fair.sender.send(url, { bearer: ticket });
    const { place } = answered(answer, 200, pollShape);
    record.silenceMs = Math.max(record.silenceMs, Date.now() - seenMs);
    seenMs = Date.now();
    if (plan.habit === 'absent') throw new Ending('absent');
    const isLeaving = plan.habit === 'leaves' && Date.now() - joinedMs > plan.patienceMs;
    if (isLeaving || (plan.habit === 'leaves' && isIn(place))) {
      const headers = provenBy(shopper, 'DELETE', url, ticket);
      await fair.sender.send(url, { method: 'DELETE', bearer: ticket, headers });
      throw new Ending('left');
    }
    if (isIn(place)) {
      noteAdmission(record, place);
      return;
    }
    const ending = endOfWaiting(place, fair.isOver());
    if (ending !== undefined) throw new Ending(ending);
    // A little later than asked, so that those who joined together do not stay together.
    await fair.sender.pause(place.pollAfterSeconds * 1_000 + random() * 150);
  }
}

function isIn({ state }: PlaceAnswer): boolean {
  return state === 'admitted' || state === 'issued';
}

function noteAdmission(record: ShopperRecord, place: PlaceAnswer): void {
  record.stage = 'admitted';
  record.admittedSeenMs = Date.now();
  if (place.admittedUntil !== undefined) record.admittedUntilMs = Date.parse(place.admittedUntil);
}

function endOfWaiting(place: PlaceAnswer, isOver: boolean): Stage | undefined {
  if (place.state === 'expired') return 'expired';
  if (place.state === 'left' || place.state === 'done') return 'failed';
  if (isOver || place.saleState === 'closed' || place.outlook.kind === 'sold_out') return 'without';
  return undefined;
}

async function takeToken(shopper: Shopper, ticket: string): Promise<string> {
  const { record, fair } = shopper;
  const url = `${fair.edgeUrl}/api/sales/${fair.saleId}/place/token`;
  const headers = provenBy(shopper, 'POST', url, ticket);
  const answer = await fair.sender.send(url, { method: 'POST', bearer: ticket, headers });
  if (answer.status === 410) throw new Ending('expired');
  const { token } = answered(answer, 200, tokenShape);
  record.issuedAtSeconds = purchaseClaimsShape.parse(decodeJwt(token)).iat;
  return token;
}
