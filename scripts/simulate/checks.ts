import { expectThat } from './broken.ts';
import type { Ledger, Order } from './ledger.ts';
import type { Admitted } from './observe.ts';
import { use } from './rate.ts';
import {
  awaiting,
  claims,
  isAbandoned,
  isLetIn,
  isPresent,
  isRevoked,
  jtiOf,
  lateClaims,
  type Place,
  type World,
} from './world.ts';

/** 7.3 and 7.4, of those who were let in just now. */
export function checkAdmissions(world: World, admitted: Admitted[], known: Admitted[]): void {
  const isWithinRate = use(world.allowance, admitted.length, world.now);
  for (const { place } of known) {
    if (place.state === 'waiting' && !isPresent(world, place)) place.isLoose = true;
  }
  if (admitted.length === 0) return;
  const names = admitted.map(({ visitor, place }) => `${visitor.id} (${place.ticket.number})`);
  const who = names.join(', ');
  expectThat('7.4', isWithinRate, () => `${who} let in past the rate and its burst`);
  const isOpen = world.phase === 'open' && world.now >= world.startsAt;
  expectThat('7.4', isOpen, () => `${who} let in while the sale was ${world.phase}`);
  const isLeased = world.now < world.leaseUntil;
  expectThat('7.4', isLeased, () => `${who} let in while no checkout could commit`);
  checkActive(world, who);
  for (const one of admitted) {
    expectThat('7.9', !isRevoked(world, one.visitor.id, one.place.ticket.number), () => {
      return `${one.visitor.id} let in, and revoked`;
    });
    expectThat('7.4', one.place.promise >= 1, () => `${one.visitor.id} let in to buy nothing`);
    expectThat(
      'lively',
      !isAbandoned(world, one.place),
      () => `${one.visitor.id} let in, and gone`,
    );
    checkOvertaking(world, one, known);
    checkTokens(world, one);
  }
}

function checkActive(world: World, who: string): void {
  const { maxActive } = world.settings;
  const letIn = [...claims(world).keys()].filter((jti) => isActive(world, jti));
  const active = letIn.length + awaiting(world).filter((one) => isHeardOf(world, one)).length;
  expectThat('7.4', active <= maxActive, () => {
    return `${who} let in: ${active} are active, and ${maxActive} is the most`;
  });
}

/** A known gap: of a place that was left, time that was given back is not active to the room. */
function isActive(world: World, jti: string): boolean {
  const token = world.ledger.tokens.get(jti);
  const bearer = world.visitors.find(({ id }) => id === token?.visitor);
  const isLeft = token !== undefined && !isLetIn(world, bearer?.place ?? null);
  return !isLeft || world.now < token.expFirst;
}

/** A known gap: between its token's time and the report of it, an order is not active to the room. */
function isHeardOf({ ledger, now }: World, { key, token }: Order): boolean {
  const isReported = !ledger.outbox.some(({ jti, kind }) => jti === key && kind === 'spent');
  return now < token.expFirst || isReported;
}

/** 7.3: nobody who waits and was present stands ahead. */
function checkOvertaking(world: World, one: Admitted, known: Admitted[]): void {
  for (const { visitor, place } of known) {
    if (place.state !== 'waiting' || !isAhead(place, one.place)) continue;
    expectThat('7.3', !isPresent(world, place), () => {
      const { number } = one.place.ticket;
      return `${one.visitor.id} (${number}) let in before ${visitor.id} (${place.ticket.number})`;
    });
    place.isLoose = true;
  }
}

/** Of two who were passed over, each stands right behind the frontier of when it came back. */
function isAhead(place: Place, other: Place): boolean {
  if (place.ticket.lane !== other.ticket.lane || (place.isLoose && other.isLoose)) return false;
  return place.ticket.number < other.ticket.number;
}

/** 7.2 and 7.4: nobody is let in to a token beside a live one, nor to buy a second time. */
function checkTokens(world: World, { visitor, place }: Admitted): void {
  const own = jtiOf(visitor.id, place.ticket.ordinal);
  for (const { jti, visitor: bearer, number, fate, exp } of world.ledger.tokens.values()) {
    const isOther = bearer === visitor.id && jti !== own && !isRevoked(world, bearer, number);
    const isUsable = fate === 'spent' || (fate === 'alive' && world.now < exp);
    expectThat('7.2', !(isOther && isUsable), () => {
      return `${visitor.id} let in to ${own}, and has ${jti} (${fate})`;
    });
  }
}

/** 7.4: whoever was let in can buy, whatever the others do. */
export function checkClaims(world: World): void {
  if (!world.settings.guaranteeStock) return;
  const units = [...claims(world).values()].reduce((sum, one) => sum + one, 0) + lateClaims(world);
  expectThat('7.4', units <= world.ledger.free, () => {
    return `${units} units are promised, and ${world.ledger.free} are free`;
  });
}

/** 7.9: those who wait stand as their numbers do, whatever anybody asked for. */
export function checkOrder(standing: { place: Place; score: number; id: string }[]): void {
  for (const one of standing) {
    for (const other of standing) {
      if (!isAhead(one.place, other.place)) continue;
      expectThat('7.9', one.score < other.score, () => {
        const behind = `${one.id} (${one.place.ticket.number}) at ${one.score}`;
        return `${behind} stands behind ${other.id} (${other.place.ticket.number}) at ${other.score}`;
      });
    }
  }
}

/** 7.7 */
export function checkStock({ total, free, held, sold, orders }: Ledger): void {
  const isWhole = free + held + sold === total;
  const ofOrders = (state: string, refunded: boolean) => {
    const some = orders.filter((one) => one.state === state && one.isRefunded === refunded);
    return some.reduce((sum, { units }) => sum + units, 0);
  };
  const isTrue = held === ofOrders('awaiting', false) && sold === ofOrders('paid', false);
  expectThat(
    '7.7',
    isWhole && isTrue && free >= 0,
    () => `free ${free}, held ${held}, sold ${sold}`,
  );
}
