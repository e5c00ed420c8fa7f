import { newcomer, type SettleReport } from '@fairgate/shared/room/room.ts';
import { report, roomFixture, saleId, visitors } from '@fairgate/shared/room/room-fixture.ts';
import { aheadOf } from '@fairgate/shared/room/snapshot.ts';
import { type Random, seededRandom } from '../../crowd/random.ts';
import { type EtaRange, type Question, ranges } from './ranges.ts';
import { between, changesNow, otherRate, type Scenario } from './scenarios.ts';

/** A forecast that was shown, and what came true. */
export type Forecast = { ahead: number; range: EtaRange; waitedSeconds: number };

type Shown = { number: number; atSecond: number; question: Question };
type Shopper = { visitor: string; number: number; comes: number; goes: number; leaves: boolean };

const secondsMax = 3_600;
/** The room is open so long before the start. */
const lobbySeconds = 120;
const beatSeconds = 30;
const showSeconds = 15;
/** Of those in line, so many are asked what they are shown. */
const asked = 40;

/** Plays a sale second by second on the room's real scripts, and keeps what shoppers were shown. */
export async function play(
  redisUrl: string,
  scenario: Scenario,
  seed: number,
): Promise<Forecast[]> {
  const random = seededRandom(seed);
  const fixture = await roomFixture(redisUrl, {
    units: scenario.visitors * 2,
    admitPerMinute: scenario.admitPerMinute,
    maxActive: scenario.maxActive,
    tokenSeconds: 60,
    abandonSeconds: 120,
  });
  const { room, redis, pass, now } = fixture;
  const startsAt = now() + lobbySeconds * 1_000;
  await fixture.configure({ phase: 'scheduled', startsAt });
  const crowd = shoppers(scenario, random);
  const admittedAt = new Map<number, number>();
  const shown: Shown[] = [];
  const work = buyers(scenario, random, now);
  let reached = 0;

  for (let second = 0; second < secondsMax; second += 1) {
    await arrivals(second);
    await beats(second);
    if (second > lobbySeconds && changesNow(random, scenario.changeSeconds)) {
      await fixture.configure({ admitPerMinute: otherRate(random, scenario.admitPerMinute) });
    }
    const snapshot = await room.advance(saleId, 0);
    if (!snapshot) throw new Error('the room is gone');
    const letIn = crowd.filter(
      (s) => s.number > reached && s.number <= snapshot.lanes.main.frontier,
    );
    for (const shopper of letIn) {
      if (shopper.goes <= second) continue;
      admittedAt.set(shopper.number, second);
      await work.admit(room, shopper, second);
    }
    reached = snapshot.lanes.main.frontier;
    await work.settleDue(room, second);
    if (second % showSeconds === 0) {
      const { state, startsAt, admitPerMinute, admittedPerMinute } = snapshot;
      const { guaranteeStock, budget, halted, pace: windows, absentShare } = snapshot;
      const pace = {
        ...{ state, startsAt, admitPerMinute, admittedPerMinute, guaranteeStock, budget, halted },
        ...{ pace: windows, absentShare },
      };
      for (const { number } of sample(random, crowd, reached, second)) {
        const ahead = aheadOf(snapshot.lanes.main.positions, number);
        shown.push({ number, atSecond: second, question: { pace, ahead, nowMs: now() } });
      }
    }
    const isOver = snapshot.waiting === 0 && second > lobbySeconds + scenario.arriveSeconds;
    if (isOver) break;
    await pass(1_000);
  }
  redis.disconnect();
  return await came(shown, admittedAt);

  async function arrivals(second: number): Promise<void> {
    const coming = crowd.filter((s) => s.comes === second);
    for (let from = 0; from < coming.length; from += 250) {
      const part = coming.slice(from, from + 250);
      const replies = await room.join(
        saleId,
        part.map(({ visitor }) => newcomer(visitor)),
      );
      replies.forEach((reply, i) => {
        const shopper = part[i];
        if (shopper) shopper.number = reply.number;
      });
    }
  }

  async function beats(second: number): Promise<void> {
    const here = crowd.filter((s) => s.number > reached && s.comes < second && s.goes > second);
    const due = here.filter((s) => (second - s.comes) % beatSeconds === 0);
    for (let from = 0; from < due.length; from += 250) {
      const part = due.slice(from, from + 250);
      await room.look(
        saleId,
        part.map(({ visitor, number }) => ({ visitor, number, ordinal: 1 })),
      );
    }
    for (const { visitor, number } of crowd.filter((s) => s.leaves && s.goes === second)) {
      if (number > reached) await room.leave(saleId, { visitor, number, ordinal: 1 });
    }
  }
}

function shoppers(scenario: Scenario, random: Random): Shopper[] {
  return visitors(scenario.visitors).map((visitor) => {
    const isEarly = random() < scenario.early;
    const comes = isEarly
      ? 0
      : Math.floor(between(random, 1, lobbySeconds + scenario.arriveSeconds));
    const turn = random();
    const leaves = turn < scenario.leaveShare;
    const isGoing = turn < scenario.leaveShare + scenario.absentShare;
    const goes = isGoing ? comes + Math.floor(between(random, 5, 400)) : Number.POSITIVE_INFINITY;
    return { visitor, number: 0, comes, goes, leaves };
  });
}

/** Those who are let in take the token, spend it and pay, each in their own time; some never do. */
function buyers({ buySeconds }: Scenario, random: Random, now: () => number) {
  const due = new Map<number, SettleReport[]>();
  const at = (second: number, settle: SettleReport) =>
    due.set(second, [...(due.get(second) ?? []), settle]);
  let seq = 0;
  const next = () => {
    seq += 1;
    return seq;
  };
  return {
    async admit(room: Room, { visitor, number }: Shopper, second: number): Promise<void> {
      if (random() < 0.1) return;
      const jti = `jti_${number}`;
      await room.take(saleId, visitor, 1, jti);
      const spends = second + Math.ceil(buySeconds.low * random());
      const pays = second + Math.ceil(between(random, buySeconds.low, buySeconds.high));
      const own = { jti, visitor, number, payBefore: now() + 600_000 };
      at(spends, report({ ...own, kind: 'spent', seq: next() }));
      at(Math.max(spends + 1, pays), report({ ...own, kind: 'ended', seq: next() }));
    },
    async settleDue(room: Room, second: number): Promise<void> {
      const reports = due.get(second) ?? [];
      due.delete(second);
      if (reports.length > 0) await room.settle(saleId, reports);
    },
  };
}

type Room = Awaited<ReturnType<typeof roomFixture>>['room'];

function sample(random: Random, crowd: Shopper[], reached: number, second: number): Shopper[] {
  const here = crowd.filter((s) => s.number > reached && s.comes <= second && s.goes > second);
  if (here.length <= asked) return here;
  return Array.from({ length: asked }, () => here[Math.floor(random() * here.length)]).filter(
    (s) => s !== undefined,
  );
}

/** Those who went before their turn waited for nothing that could be told. */
async function came(shown: Shown[], admittedAt: Map<number, number>): Promise<Forecast[]> {
  const answers = await ranges(shown.map(({ question }) => question));
  return shown.flatMap(({ number, atSecond, question }, i) => {
    const second = admittedAt.get(number);
    const range = answers[i] ?? null;
    if (second === undefined || range === null) return [];
    return [{ ahead: question.ahead, range, waitedSeconds: second - atSecond }];
  });
}
